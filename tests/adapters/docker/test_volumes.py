"""The room on volumes: seen where they lie, or asked inside."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from meshctl.adapters.docker.address import Address
from meshctl.adapters.docker.client import Client
from meshctl.adapters.docker.volumes import DockerVolumes, rooms_of
from meshctl.errors import MeshError, OperationFailed
from meshctl.model.containers import Container, ContainerState, ExecResult, Room, WritableMount

DF = """Filesystem     1024-blocks    Used Available Capacity Mounted on
tmpfs                98304   39116     59188      40% /data
/dev/sda1        264212084 18532408  76968552      20% /out
"""
DATA = WritableMount("/data", "shop_data", "/nowhere/shop_data")
OUT = WritableMount("/out", "/home/ada/out", "/nowhere/out")


class Inside:
    """Commands inside instances, and what they come to."""

    def __init__(self, answer: ExecResult | MeshError) -> None:
        self.answer = answer
        self.asked: list[tuple[str, Sequence[str]]] = []

    async def run(self, instance: str, command: Sequence[str], timeout_s: float) -> ExecResult:
        self.asked.append((instance, command))
        if isinstance(self.answer, MeshError):
            raise self.answer
        return self.answer


def volumes(inside: Inside, url: str = "unix:///var/run/docker.sock") -> DockerVolumes:
    execute: Any = inside
    return DockerVolumes(Client(Address(url)), execute)


def container(*mounts: WritableMount, name: str = "db") -> Container:
    return Container(name, name, name, 1, ContainerState.RUNNING, mounts=mounts)


async def test_what_lies_on_this_machine_is_looked_at(tmp_path: Path) -> None:
    inside = Inside(ExecResult(0, DF))
    here = container(WritableMount("/data", "shop_data", str(tmp_path)))
    found = await volumes(inside).room([here], ask=True)
    (room,) = found["db"]
    assert (room.target, room.source) == ("/data", "shop_data")
    assert room.filesystem
    assert 0 <= room.free <= room.total
    assert inside.asked == []


async def test_what_lies_elsewhere_is_asked_inside_and_only_on_demand(tmp_path: Path) -> None:
    inside = Inside(ExecResult(0, DF))
    away, bare = container(DATA, OUT), container(name="web")
    assert await volumes(inside).room([away, bare], ask=False) == {"web": ()}
    found = await volumes(inside).room([away, bare], ask=True)
    assert found == {
        "web": (),
        "db": (
            Room("/data", "shop_data", 59188 * 1024, 98304 * 1024, filesystem="tmpfs"),
            Room("/out", "/home/ada/out", 76968552 * 1024, 264212084 * 1024, filesystem="/dev/sda1"),
        ),
    }
    assert inside.asked == [("db", ["df", "-Pk", "/data", "/out"])]


async def test_files_of_this_machine_say_nothing_of_another_one(tmp_path: Path) -> None:
    here = container(WritableMount("/data", "shop_data", str(tmp_path)))
    assert await volumes(Inside(ExecResult(0, DF)), "tcp://engine:2375").room([here], ask=False) == {}


@pytest.mark.parametrize("answer", [ExecResult(127, "df: not found"), OperationFailed("it does not run")])
async def test_who_cannot_say_is_left_out(answer: ExecResult | MeshError) -> None:
    assert await volumes(Inside(answer)).room([container(DATA)], ask=True) == {}


def test_odd_lines_of_df_are_passed_over() -> None:
    text = "Filesystem\nproc 0 0 0 - /proc\n/dev/sda1 - - - - /out\n"
    assert list(rooms_of(text, (DATA, OUT))) == []
