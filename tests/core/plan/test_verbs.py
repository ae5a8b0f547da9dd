"""What a person asks of existing instances, as golden outlines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshctl.core.plan.verbs import down_plan, pause_plan, restart_plan, start_plan, stop_plan, unpause_plan
from meshctl.errors import UsageError
from meshctl.model.containers import ContainerState, Observed
from tests.builders import application, container, everything, job, mesh_config, observed, outline, spec, stranger

CONFIG = mesh_config(spec("consul"), application("users", "consul", replicas=2), job("seed", "consul"))


def stopped() -> Observed:
    seen = everything(CONFIG)
    return replace(seen, containers=tuple(replace(c, state=ContainerState.EXITED) for c in seen.containers))


def test_start_goes_in_order_of_need_and_waits() -> None:
    assert outline(start_plan(CONFIG, stopped(), ())) == (
        """\
start:consul-1 (asked for)
ready:consul-1 < start:consul-1
start:users-1 (asked for) < ready:consul-1
ready:users-1 < start:users-1
start:users-2 (asked for) < ready:consul-1
ready:users-2 < start:users-2
start:seed-1 (asked for) < ready:consul-1
exit:seed-1 < start:seed-1
registered:users-1 < ready:users-1 ready:consul-1
registered:users-2 < ready:users-2 ready:consul-1
"""
    )


def test_start_of_one_service_leaves_the_others_alone() -> None:
    assert outline(start_plan(CONFIG, stopped(), ("users",))) == (
        """\
start:users-1 (asked for)
ready:users-1 < start:users-1
start:users-2 (asked for)
ready:users-2 < start:users-2
registered:users-1 < ready:users-1
registered:users-2 < ready:users-2
"""
    )


def test_restart_takes_the_instances_of_a_service_one_by_one() -> None:
    assert outline(restart_plan(CONFIG, everything(CONFIG), ("users",))) == (
        """\
stop:users-1 (asked for)
start:users-1 (asked for) < stop:users-1
ready:users-1 < start:users-1
stop:users-2 (asked for) < ready:users-1
start:users-2 (asked for) < stop:users-2 ready:users-1
ready:users-2 < start:users-2
registered:users-1 < ready:users-1
registered:users-2 < ready:users-2
"""
    )


def test_stop_takes_dependents_first() -> None:
    assert outline(stop_plan(CONFIG, everything(CONFIG), ("users", "consul"))) == (
        """\
stop:users-1 (asked for)
stop:users-2 (asked for)
stop:consul-1 (asked for) ~ stop:users-1 stop:users-2
"""
    )
    assert stop_plan(CONFIG, stopped(), ()).operations == ()


def test_pause_and_unpause_take_only_what_fits() -> None:
    one = container(CONFIG, "users", 1)
    seen = observed(CONFIG, one, container(CONFIG, "users", 2, state=ContainerState.PAUSED))
    assert outline(pause_plan(CONFIG, seen, ())) == "pause:users-1 (asked for)\n"
    assert outline(unpause_plan(CONFIG, seen, ("users",))) == "start:users-2 (asked for)\n"


def test_start_of_what_is_paused_lets_it_run_on() -> None:
    seen = observed(CONFIG, container(CONFIG, "users", state=ContainerState.PAUSED))
    assert [o.kind.value for o in start_plan(CONFIG, seen, ("users",)).changes] == ["unpause"]


def test_strangers_can_be_started_stopped_and_restarted() -> None:
    seen = observed(CONFIG, stranger("old"))
    assert outline(stop_plan(CONFIG, seen, ("old",))) == "stop:old-1 (asked for)\n"
    assert outline(restart_plan(CONFIG, seen, ("old",))) == (
        "stop:old-1 (asked for)\nstart:old-1 (asked for) < stop:old-1\n"
    )
    assert start_plan(CONFIG, seen, ("old",)).operations == ()


def test_names_that_are_not_there_are_refused_with_what_helps() -> None:
    with pytest.raises(UsageError) as unknown:
        start_plan(CONFIG, everything(CONFIG), ("user",))
    assert unknown.value.hint == "Did you mean users?"
    with pytest.raises(UsageError, match="users is not created") as absent:
        start_plan(CONFIG, observed(CONFIG, container(CONFIG, "consul")), ("users",))
    assert absent.value.hint == "Create it: meshctl up users"
    with pytest.raises(UsageError, match="nothing of shop exists"):
        stop_plan(CONFIG, Observed("shop"), ())


# -- down


def test_dependents_go_before_what_they_need_and_networks_after_all() -> None:
    config = mesh_config(spec("db"), spec("web", "db"), volumes={"data": ""})
    seen = observed(
        config, container(config, "db"), container(config, "web", state=ContainerState.EXITED), stranger("old")
    )
    assert outline(down_plan(config, seen, volumes=False)) == (
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
    assert "stop:db-1 (down) ~ stop:web-1\n" in outline(down_plan(config, seen, volumes=False))


def test_volumes_go_only_when_asked_for() -> None:
    config = mesh_config(spec("db"), volumes={"data": ""})
    seen = observed(config, container(config, "db"))
    assert "volume:" not in outline(down_plan(config, seen, volumes=False))
    assert "volume:shop_data (down) < remove:db-1\n" in outline(down_plan(config, seen, volumes=True))


def test_of_nothing_nothing_is_removed() -> None:
    assert down_plan(mesh_config(spec("db")), Observed("shop"), volumes=True).operations == ()
