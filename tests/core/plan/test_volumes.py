"""Two servers on one data directory corrupt it: several instances share what they write to only when that is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from meshctl.core.plan.digest import config_hash
from meshctl.core.plan.reconcile import Wanted, reconcile
from meshctl.core.plan.volumes import refusal, shared_volumes
from meshctl.errors import UsageError
from meshctl.model.config import MeshConfig, MeshSpec, Mount
from meshctl.model.containers import Observed
from tests.builders import container, mesh_config, observed, outline, spec

DATA = Mount("volume", "pgdata", "/data")


def database(*mounts: Mount, **changes: Any) -> MeshConfig:
    return mesh_config(spec("db", mounts=mounts, **changes), volumes={"pgdata": "", "theirs": "their-data"})


def scaled(config: MeshConfig, count: int, **wanted: Any) -> Sequence[str]:
    plan = reconcile(config, Observed("shop"), Wanted(("db",), scale={"db": count}, **wanted))
    return [operation.target for operation in plan.operations if operation.id.startswith("create:")]


@pytest.mark.parametrize(
    ("mount", "told"),
    [
        (DATA, ("volume pgdata",)),
        (Mount("volume", "theirs", "/data"), ("volume theirs",)),
        (Mount("bind", "/srv/data", "/data"), ("/srv/data",)),
        (Mount("bind", "/running/data", "/data"), ("/running/data",)),
        (Mount("volume", "pgdata", "/data", read_only=True), ()),
        (Mount("bind", "/srv/data", "/data", read_only=True), ()),
        (Mount("volume", "", "/data"), ()),
        (Mount("tmpfs", "", "/data"), ()),
        (Mount("bind", "/var/run/docker.sock", "/var/run/docker.sock"), ()),
        (Mount("bind", "/dev", "/dev"), ()),
    ],
)
def test_what_instances_would_share(mount: Mount, told: tuple[str, ...]) -> None:
    config = database(mount)
    assert shared_volumes(config.services["db"]) == told
    if told:
        with pytest.raises(UsageError, match=f"would share {told[0]}"):
            scaled(config, 2)
    else:
        assert scaled(config, 2) == ["db-1", "db-2"]


def test_the_refusal_names_volumes_reason_flag_and_key() -> None:
    error = refusal(database(DATA, Mount("bind", "/srv/wal", "/wal")).services["db"], 2)
    assert error is not None and error.exit_code == 2
    assert str(error) == (
        "2 instances of db would share volume pgdata and /srv/wal: two servers on one data directory corrupt it"
    )
    assert "--share-volumes" in error.hint and "mesh: {share_volumes: true}" in error.hint


@pytest.mark.parametrize("count", [0, 1])
def test_one_instance_shares_nothing(count: int) -> None:
    assert len(scaled(database(DATA), count)) == count


def test_the_flag_and_the_file_may_say_that_it_is_meant() -> None:
    assert scaled(database(DATA), 2, share_volumes=True) == ["db-1", "db-2"]
    assert scaled(database(DATA, mesh=MeshSpec(share_volumes=True)), 2) == ["db-1", "db-2"]


def test_the_number_of_the_file_is_its_word_up_to_that_number() -> None:
    assert len(scaled(database(DATA, replicas=3), 3)) == 3
    with pytest.raises(UsageError, match="4 instances of db"):
        scaled(database(DATA, replicas=3), 4)


def notes(config: MeshConfig, seen: Observed, **wanted: Any) -> tuple[str, ...]:
    return reconcile(config, seen, Wanted(**wanted)).notes


def test_instances_that_share_a_volume_are_told_by_every_up() -> None:
    (note,) = notes(database(DATA, replicas=2), Observed("shop"))
    assert note.startswith("2 instances of db share volume pgdata: deploy.replicas says so")
    config = database(DATA)
    kept = observed(config, container(config, "db", 1), container(config, "db", 2))
    (note,) = notes(config, kept)
    assert note.startswith("2 instances of db share volume pgdata: an earlier scale asked for it")
    assert notes(config, kept, share_volumes=True) == ()
    assert notes(database(DATA, replicas=2, mesh=MeshSpec(share_volumes=True)), Observed("shop")) == ()
    assert notes(database(replicas=2), Observed("shop")) == ()


def test_instances_of_an_earlier_scale_do_not_get_a_volume_of_the_file_together() -> None:
    before, now = database(), database(DATA)
    seen = observed(now, *(container(before, "db", number) for number in (1, 2, 3)))
    with pytest.raises(UsageError, match="3 instances of db would share volume pgdata") as caught:
        reconcile(now, seen, Wanted())
    assert caught.value.hint.startswith("meshctl scale db=1 takes the others away.")
    assert reconcile(now, seen, Wanted(share_volumes=True)).changes


def test_the_key_is_not_part_of_the_container() -> None:
    assert config_hash(database(DATA).services["db"]) == config_hash(
        database(DATA, mesh=MeshSpec(share_volumes=True)).services["db"]
    )


def test_an_instance_is_gone_before_its_successor_is_made() -> None:
    """Never two of one number on its volume."""
    config = database(DATA)
    seen = observed(config, container(config, "db", config_hash="old"))
    assert "create:db-1 (configuration changed) < remove:db-1\n" in outline(reconcile(config, seen, Wanted()))
