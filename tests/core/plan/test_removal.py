"""The way down, as golden outlines."""

from __future__ import annotations

from meshctl.core.plan.removal import removal
from meshctl.model.containers import ContainerState, Observed
from tests.builders import container, mesh_config, observed, outline, spec, stranger


def test_dependents_go_before_what_they_need_and_networks_after_all() -> None:
    config = mesh_config(spec("db"), spec("web", "db"), volumes={"data": ""})
    seen = observed(
        config, container(config, "db"), container(config, "web", state=ContainerState.EXITED), stranger("old")
    )
    assert outline(removal(config, seen, volumes=False)) == (
        """\
remove:web-1 (down)
stop:db-1 (down) ~ remove:web-1
remove:db-1 (down) < stop:db-1
stop:old-1 (down)
remove:old-1 (down) < stop:old-1
network:shop_default (down) < remove:web-1 remove:db-1 remove:old-1
"""
    )


def test_a_dependency_stops_as_soon_as_its_dependents_have() -> None:
    config = mesh_config(spec("db"), spec("web", "db"))
    seen = observed(config, container(config, "db"), container(config, "web"))
    assert "stop:db-1 (down) ~ stop:web-1\n" in outline(removal(config, seen, volumes=False))


def test_volumes_go_only_when_asked_for() -> None:
    config = mesh_config(spec("db"), volumes={"data": ""})
    seen = observed(config, container(config, "db"))
    assert "volume:" not in outline(removal(config, seen, volumes=False))
    assert "volume:shop_data (down) < remove:db-1\n" in outline(removal(config, seen, volumes=True))


def test_of_nothing_nothing_is_removed() -> None:
    assert removal(mesh_config(spec("db")), Observed("shop"), volumes=True).operations == ()
