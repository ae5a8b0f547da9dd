"""Items, reservations, and a stock to try things with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_DEMO = (
    ("espresso", "Espresso", "2.50", 100),
    ("cappuccino", "Cappuccino", "3.80", 100),
    ("filter-coffee", "Filter coffee", "3.20", 80),
    ("croissant", "Croissant", "2.20", 60),
    ("cheesecake", "Cheesecake", "4.90", 12),
    ("single-origin", "Single origin, 250 g", "14.50", 5),
)


def upgrade() -> None:
    items = op.create_table(
        "items",
        sa.Column("sku", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("unit_price", sa.Numeric(12, 2), nullable=False),
        sa.Column("stock", sa.Integer, nullable=False),
        sa.CheckConstraint("stock >= 0", name="ck_items_stock"),
        sa.CheckConstraint("unit_price >= 0", name="ck_items_unit_price"),
    )
    op.create_table(
        "reservations",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("released", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_table(
        "reservation_lines",
        sa.Column(
            "reservation_id",
            sa.String(64),
            sa.ForeignKey("reservations.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("sku", sa.String(64), sa.ForeignKey("items.sku"), primary_key=True),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("unit_price", sa.Numeric(12, 2), nullable=False),
    )
    names = ("sku", "name", "unit_price", "stock")
    op.bulk_insert(items, [dict(zip(names, row, strict=True)) for row in _DEMO])


def downgrade() -> None:
    for table in ("reservation_lines", "reservations", "items"):
        op.drop_table(table)
