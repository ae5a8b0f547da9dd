"""Users, and five of them to try things with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_DEMO = ("Ada Lovelace", "Grace Hopper", "Alan Turing", "Barbara Liskov", "Edsger Dijkstra")


def upgrade() -> None:
    users = op.create_table(
        "users",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_index("uq_users_email", "users", [sa.text("lower(email)")], unique=True)
    # The sequence gives the ids 1 to 5 and goes on at 6.
    demo = [{"name": name, "email": f"{name.split()[0].lower()}@example.com"} for name in _DEMO]
    op.bulk_insert(users, demo)


def downgrade() -> None:
    op.drop_table("users")
