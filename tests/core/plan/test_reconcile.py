"""Desired against observed, as golden outlines."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from meshctl.core.plan.reconcile import Wanted, image_plan, reconcile
from meshctl.errors import UsageError
from meshctl.model.config import BuildSpec, Condition, DependsOn, MeshConfig, Mount, PortSpec
from meshctl.model.containers import LABEL_REPLICAS, Container, ContainerState, Observed
from meshctl.model.plan import OperationKind
from tests.builders import (
    HTTP_CHECK,
    application,
    container,
    everything,
    here,
    job,
    mesh_config,
    observed,
    outline,
    spec,
    stranger,
)

EMPTY = Observed("shop")


def shop() -> MeshConfig:
    return mesh_config(spec("consul"), spec("db"), application("users", "consul", "db"), application("orders", "users"))


def golden(config: MeshConfig, seen: Observed, **wanted: Any) -> str:
    return outline(reconcile(config, seen, Wanted(**wanted)))


def changes(config: MeshConfig, seen: Observed, **wanted: Any) -> list[str]:
    """Operations that change something, as ``id (cause)``."""
    plan = reconcile(config, seen, Wanted(**wanted))
    return [f"{operation.id} ({operation.cause})" for operation in plan.changes]


def test_from_nothing_everything_is_made_in_order() -> None:
    config = shop()
    config = replace(
        config,
        volumes={"pgdata": ""},
        services={
            **config.services,
            "db": replace(config.services["db"], mounts=(Mount("volume", "pgdata", "/data"),)),
        },
    )
    assert golden(config, EMPTY) == (
        """\
image:consul:1 (not here)
network:shop_default (not created)
create:consul-1 (not created) < image:consul:1 network:shop_default
start:consul-1 (not created) < create:consul-1
ready:consul-1 < start:consul-1
image:db:1 (not here)
volume:shop_pgdata (not created)
create:db-1 (not created) < image:db:1 network:shop_default volume:shop_pgdata
start:db-1 (not created) < create:db-1
ready:db-1 < start:db-1
image:shop-users:latest (not here)
create:users-1 (not created) < image:shop-users:latest network:shop_default
start:users-1 (not created) < create:users-1 ready:consul-1 ready:db-1
ready:users-1 < start:users-1
image:shop-orders:latest (not here) ~ image:shop-users:latest
create:orders-1 (not created) < image:shop-orders:latest network:shop_default
start:orders-1 (not created) < create:orders-1 ready:users-1
ready:orders-1 < start:orders-1
registered:users-1 < ready:users-1 ready:consul-1
registered:orders-1 < ready:orders-1 ready:consul-1
"""
    )


def test_when_all_is_as_desired_there_is_nothing_but_a_look() -> None:
    config = shop()
    plan = reconcile(config, everything(config), Wanted())
    assert plan.changes == ()
    assert outline(plan) == (
        """\
ready:consul-1
ready:db-1
ready:users-1 < ready:consul-1 ready:db-1
ready:orders-1 < ready:users-1
registered:users-1 < ready:users-1 ready:consul-1
registered:orders-1 < ready:orders-1 ready:consul-1
"""
    )


def test_a_changed_service_alone_is_recreated_and_its_dependents_are_kept() -> None:
    config = shop()
    seen = everything(config)
    users = replace(config.services["users"], environment={"LOG_LEVEL": "debug"}, command=("serve",))
    config = replace(config, services={**config.services, "users": users})
    cause = "configuration changed: command, environment.LOG_LEVEL"
    assert golden(config, seen) == (
        f"""\
ready:consul-1
ready:db-1
stop:users-1 ({cause})
remove:users-1 ({cause}) < stop:users-1
create:users-1 ({cause}) < remove:users-1
start:users-1 ({cause}) < create:users-1 ready:consul-1 ready:db-1
ready:users-1 < start:users-1
ready:orders-1 < ready:users-1
registered:users-1 < ready:users-1 ready:consul-1
registered:orders-1 < ready:orders-1 ready:consul-1
note: orders is kept: it needs users, which is recreated ({cause})
"""
    )


def test_a_dependent_that_is_recreated_itself_or_does_not_run_is_not_told_as_kept() -> None:
    config = shop()
    stale = container(config, "users", config_hash="old")
    for orders in (
        container(config, "orders", config_hash="old"),
        container(config, "orders", state=ContainerState.EXITED),
    ):
        assert reconcile(config, observed(config, stale, orders), Wanted()).notes == ()


def test_another_image_under_the_same_name_is_a_change() -> None:
    config = mesh_config(spec("db"))
    seen = observed(config, container(config, "db"), images={"db:1": "sha256:new"})
    assert changes(config, seen)[0] == "stop:db-1 (image changed)"


def test_an_image_is_made_before_the_old_instance_stops() -> None:
    config = mesh_config(spec("db"))
    seen = observed(config, container(config, "db", config_hash="old"), images={})
    assert golden(config, seen).startswith("image:db:1 (not here)\nstop:db-1 (configuration changed) < image:db:1\n")


@pytest.mark.parametrize(
    ("state", "code", "expected"),
    [
        (ContainerState.EXITED, 137, ["start:db-1 (was stopped (exit 137))"]),
        (ContainerState.CREATED, None, ["start:db-1 (was never started)"]),
        (ContainerState.PAUSED, None, ["start:db-1 (is paused)"]),
        (ContainerState.RESTARTING, None, []),
        (ContainerState.DEAD, None, ["remove:db-1 (is dead)", "create:db-1 (is dead)", "start:db-1 (is dead)"]),
    ],
)
def test_each_state_has_its_remedy(state: ContainerState, code: int | None, expected: list[str]) -> None:
    config = mesh_config(spec("db"))
    assert changes(config, observed(config, container(config, "db", state=state, exit_code=code))) == expected


def test_a_paused_instance_is_unpaused_and_not_started() -> None:
    config = mesh_config(spec("db"))
    seen = observed(config, container(config, "db", state=ContainerState.PAUSED))
    (operation,) = reconcile(config, seen, Wanted()).changes
    assert operation.kind is OperationKind.UNPAUSE


# -- images


def test_what_has_image_and_build_is_pulled_or_built() -> None:
    both = spec("users", build=BuildSpec("/stack"))
    (operation,) = (o for o in reconcile(mesh_config(both), EMPTY, Wanted()).operations if o.id == "image:users:1")
    assert operation.kind is OperationKind.PULL_OR_BUILD


def test_builds_of_one_recipe_follow_each_other_and_others_do_not() -> None:
    other = application("echo", build=BuildSpec("/elsewhere"))
    config = mesh_config(application("a"), other, application("b"), application("c"))
    builds = [o for o in reconcile(config, EMPTY, Wanted()).operations if o.kind is OperationKind.BUILD]
    assert {o.target: o.follows for o in builds} == {
        "shop-a:latest": (),
        "shop-echo:latest": (),
        "shop-b:latest": ("image:shop-a:latest",),
        "shop-c:latest": ("image:shop-b:latest",),
    }


def test_services_on_one_image_fetch_it_once() -> None:
    config = mesh_config(spec("a", image="shared:1"), spec("b", image="shared:1"))
    assert [o.id for o in reconcile(config, EMPTY, Wanted()).operations if o.kind is OperationKind.PULL] == [
        "image:shared:1"
    ]


def test_build_asks_for_every_build_of_what_is_selected() -> None:
    assert outline(image_plan(shop(), Wanted(services=("users",)))) == "image:shop-users:latest (build was asked for)\n"


# -- selection


def test_a_named_service_brings_what_it_needs_and_nothing_else() -> None:
    config = mesh_config(*shop().services.values(), spec("other"))
    started = [line for line in changes(config, EMPTY, services=("users",)) if line.startswith("start")]
    assert [line.split()[0] for line in started] == ["start:consul-1", "start:db-1", "start:users-1"]


def test_a_profile_that_no_service_has_is_refused() -> None:
    config = mesh_config(spec("db"), spec("load", profiles=("load",)))
    with pytest.raises(UsageError, match="no profile 'laod' in") as caught:
        reconcile(config, EMPTY, Wanted(profiles=("laod",)))
    assert caught.value.hint == "Did you mean load?"
    assert changes(config, EMPTY, profiles=("*",)) == changes(config, EMPTY, profiles=("load",))


def test_profiles_are_out_unless_active_or_named() -> None:
    config = mesh_config(spec("db"), spec("load", "db", profiles=("load",)))
    seen = observed(config, container(config, "db"))
    assert changes(config, seen) == []
    for wanted in ({"profiles": ("load",)}, {"services": ("load",)}):
        assert changes(config, seen, **wanted)[-1] == "start:load-1 (not created)"


def test_an_optional_dependency_comes_only_with_its_profile_and_holds_nobody_up() -> None:
    need = DependsOn("cache", Condition.HEALTHY, required=False)
    config = mesh_config(spec("cache", profiles=("cache",)), spec("web", need))
    images = Observed("shop", networks=("shop_default",), images=here(config, config.services))
    assert "cache" not in golden(config, images)
    assert "start:web-1 (not created) < create:web-1 ~ ready:cache-1\n" in golden(config, images, profiles=("cache",))


def test_an_unknown_service_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(UsageError, match="no service 'user'") as caught:
        reconcile(shop(), EMPTY, Wanted(services=("user",)))
    assert caught.value.hint == "Did you mean users?"


# -- dependencies and jobs


def test_a_started_dependency_releases_before_it_is_ready() -> None:
    config = mesh_config(spec("db"), spec("web", DependsOn("db", Condition.STARTED)))
    assert "start:web-1 (not created) < create:web-1 start:db-1\n" in golden(config, EMPTY)


def test_a_job_is_waited_for_until_it_ends() -> None:
    config = mesh_config(job("seed"), spec("web", DependsOn("seed", Condition.COMPLETED)))
    text = golden(config, EMPTY)
    assert "exit:seed-1 < start:seed-1\n" in text
    assert "start:web-1 (not created) < create:web-1 exit:seed-1\n" in text


def test_what_others_need_completed_is_a_job_whatever_its_kind() -> None:
    config = mesh_config(spec("seed", healthcheck=HTTP_CHECK), spec("web", DependsOn("seed", Condition.COMPLETED)))
    assert "exit:seed-1 < start:seed-1\n" in golden(config, EMPTY)


def test_a_job_that_is_done_is_not_run_again_until_it_changes() -> None:
    config = mesh_config(job("seed"), spec("web", DependsOn("seed", Condition.COMPLETED)))
    done = container(config, "seed", state=ContainerState.EXITED, exit_code=0)
    assert changes(config, observed(config, done, container(config, "web"))) == []
    failed = replace(done, exit_code=2)
    assert changes(config, observed(config, failed))[0] == "start:seed-1 (was stopped (exit 2))"
    assert (
        changes(config, observed(config, replace(done, config_hash="old")))[0]
        == "remove:seed-1 (configuration changed)"
    )


# -- counts


def running(config: MeshConfig, service: str, *numbers: int, **changes: Any) -> tuple[Container, ...]:
    return tuple(container(config, service, number, **changes) for number in numbers)


def test_scaling_out_fills_the_lowest_free_numbers() -> None:
    config = mesh_config(application("users"))
    seen = observed(config, *running(config, "users", 1, 3))
    assert changes(config, seen, scale={"users": 4}) == [
        "create:users-2 (scaled 2 → 4)",
        "start:users-2 (scaled 2 → 4)",
        "create:users-4 (scaled 2 → 4)",
        "start:users-4 (scaled 2 → 4)",
    ]


def test_scaling_in_takes_the_highest_numbers_first() -> None:
    config = mesh_config(application("users"))
    seen = observed(config, *running(config, "users", 1, 2, 3))
    assert changes(config, seen, scale={"users": 1}) == [
        "stop:users-3 (scaled 3 → 1)",
        "remove:users-3 (scaled 3 → 1)",
        "stop:users-2 (scaled 3 → 1)",
        "remove:users-2 (scaled 3 → 1)",
    ]
    assert len(changes(config, seen, scale={"users": 0})) == 6


def test_what_scale_added_stays_and_what_is_missing_comes_back() -> None:
    config = mesh_config(application("users", replicas=2))
    assert changes(config, observed(config, *running(config, "users", 1, 2, 3))) == []
    assert changes(config, observed(config, *running(config, "users", 2))) == [
        "create:users-1 (scaled 1 → 2)",
        "start:users-1 (scaled 1 → 2)",
    ]


def test_an_edited_count_of_the_file_wins_over_an_earlier_scale() -> None:
    config = mesh_config(application("users", replicas=1))
    seen = observed(config, *running(config, "users", 1, 2, 3, labels={LABEL_REPLICAS: "3"}))
    assert [line for line in changes(config, seen) if line.startswith("remove")] == [
        "remove:users-3 (scaled 3 → 1)",
        "remove:users-2 (scaled 3 → 1)",
    ]


def test_counts_that_cannot_be_are_refused() -> None:
    config = mesh_config(spec("web", ports=(PortSpec("http", 80, published=8080),)))
    with pytest.raises(UsageError, match="fixed port 8080"):
        reconcile(config, EMPTY, Wanted(scale={"web": 2}))
    for count in (-1, 1001):
        with pytest.raises(UsageError, match=f"{count} instances"):
            reconcile(config, EMPTY, Wanted(scale={"web": count}))
    with pytest.raises(UsageError, match="web has a number of instances, but is not started"):
        reconcile(mesh_config(spec("web"), spec("db")), EMPTY, Wanted(("db",), scale={"web": 2}))
    with pytest.raises(UsageError, match="no service 'wep'"):
        reconcile(config, EMPTY, Wanted(scale={"wep": 1}))


def test_scale_alone_keeps_what_the_file_would_recreate() -> None:
    config = mesh_config(application("users"))
    seen = observed(config, container(config, "users", config_hash="old"))
    assert changes(config, seen, scale={"users": 2}, keep=True) == [
        "create:users-2 (scaled 1 → 2)",
        "start:users-2 (scaled 1 → 2)",
    ]


# -- orphans and registry


def orphaned(config: MeshConfig) -> Observed:
    job = stranger("job", state=ContainerState.EXITED)
    return observed(config, container(config, "db"), stranger("old"), stranger("old", 2), job)


@pytest.mark.parametrize("wanted", [{}, {"services": ("db",)}])
def test_orphans_are_told_and_left_alone(wanted: dict[str, Any]) -> None:
    config = mesh_config(spec("db"))
    plan = reconcile(config, orphaned(config), Wanted(**wanted))
    assert plan.changes == ()
    (note,) = plan.notes
    assert "job (1 container), old (2 containers)" in note
    assert "another file of this folder" in note and "renamed" in note and "--remove-orphans" in note


def test_orphans_go_when_that_is_asked_for() -> None:
    config = mesh_config(spec("db"))
    plan = reconcile(config, orphaned(config), Wanted(remove_orphans=True))
    assert [f"{operation.id} ({operation.cause})" for operation in plan.changes] == [
        "remove:job-1 (not in the file)",
        "stop:old-1 (not in the file)",
        "remove:old-1 (not in the file)",
        "stop:old-2 (not in the file)",
        "remove:old-2 (not in the file)",
    ]
    assert plan.notes == ()


def test_scale_says_nothing_of_orphans() -> None:
    config = mesh_config(spec("db"))
    assert reconcile(config, orphaned(config), Wanted(("db",), scale={"db": 1}, keep=True)).notes == ()


def test_a_service_outside_the_active_profiles_is_no_orphan() -> None:
    config = mesh_config(spec("db"), spec("load", profiles=("load",)))
    assert changes(config, observed(config, container(config, "db"), container(config, "load"))) == []


def test_without_a_registry_nobody_waits_to_be_listed() -> None:
    assert "registered" not in golden(mesh_config(application("users")), EMPTY)


def test_an_external_volume_and_an_anonymous_one_are_not_made() -> None:
    mounts = (Mount("volume", "kept", "/a"), Mount("volume", "", "/b"), Mount("bind", "/src", "/c"))
    config = mesh_config(spec("db", mounts=mounts), volumes={"kept": "their-data"})
    plan = reconcile(config, EMPTY, Wanted())
    assert not [o for o in plan.operations if o.kind is OperationKind.CREATE_VOLUME]
    request = next(o.request for o in plan.operations if o.request)
    assert [mount.source for mount in request.mounts] == ["their-data", "", "/src"]


@pytest.mark.parametrize(
    ("networks", "state", "anew"),
    [
        (None, ContainerState.RUNNING, False),
        (("shop_default",), ContainerState.RUNNING, False),
        (("other",), ContainerState.RUNNING, True),
        ((), ContainerState.RUNNING, True),
        ((), ContainerState.EXITED, False),
    ],
)
def test_what_was_taken_off_its_network_is_made_anew(
    networks: tuple[str, ...] | None, state: ContainerState, anew: bool
) -> None:
    config = mesh_config(spec("db"))
    seen = container(config, "db", state=state, networks=networks)
    why = "is not on the network shop_default"
    assert (why in outline(reconcile(config, observed(config, seen), Wanted()))) is anew
