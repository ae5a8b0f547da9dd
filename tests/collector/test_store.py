"""What is kept in a file survives the collector, and a file that fails stops nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from meshctl.collector.options import CollectorOptions
from meshctl.collector.store import writer
from meshctl.collector.store.disk import BatchIndex, DiskStore
from meshctl.collector.traces.memory import TraceMemory, open_memory
from meshctl.core.traces.stored import Limits
from meshctl.errors import MeshError
from meshctl.model.traces import TraceQuery
from tests.adapters.otlp.requests import hex_id, request, span


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "traces.db")


def _open(path: str, **limits: int) -> TraceMemory:
    chosen = Limits(**limits)
    return TraceMemory(chosen, DiskStore(path, chosen.bytes))


def _known(memory: TraceMemory) -> list[int]:
    return [int(found.trace_id, 16) for found in memory.search(TraceQuery(limit=10_000))]


def _rows(path: str, table: str) -> int:
    with sqlite3.connect(path) as connection:
        count: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    connection.close()
    return count


def test_traces_and_pins_come_back(path: str) -> None:
    memory = open_memory(CollectorOptions(store=path))
    memory.ingest(request(span(1, trace=1), span(2, trace=2, at=5, attributes={"a": 1})))
    memory.ingest(request(span(3, 1, trace=1)))
    assert memory.pin(hex_id(1), True)
    before = memory.wire(hex_id(1))
    memory.close()
    again = open_memory(CollectorOptions(store=path))
    summary = again.summary(hex_id(1))
    assert _known(again) == [2, 1] and again.wire(hex_id(1)) == before
    assert summary and summary.pinned and summary.spans == 2
    assert again.pin(hex_id(1), False)
    again.close()
    third = open_memory(CollectorOptions(store=path))
    assert not any(found.pinned for found in third.search(TraceQuery())) and third.status().received == 0
    third.close()


def test_what_was_evicted_does_not_come_back(path: str) -> None:
    memory = _open(path, traces=3)
    for number in range(1, 9):
        memory.ingest(request(span(1, trace=number, at=number), span(2, trace=100, at=0.5)))
    assert _known(memory) == [8, 7, 100] or len(_known(memory)) == 3
    kept = _known(memory)
    memory.close()
    again = _open(path, traces=50)
    assert _known(again) == kept
    again.close()


def test_late_spans_of_an_evicted_trace_come_back_alone(path: str) -> None:
    memory = _open(path, traces=1)
    memory.ingest(request(span(1, trace=1)))
    memory.ingest(request(span(2, trace=2)))
    memory.ingest(request(span(3, 1, trace=1)))
    memory.close()
    again = _open(path, traces=10)
    assert [found.span_id for found in again.spans(hex_id(1))] == [f"{3:016x}"] and _known(again) == [1]
    again.close()


def test_smaller_limits_hold_when_the_file_is_read(path: str) -> None:
    memory = _open(path)
    for number in range(1, 21):
        memory.ingest(request(span(1, trace=number, at=number)))
    memory.pin(hex_id(2), True)
    memory.close()
    again = _open(path, traces=4)
    assert _known(again) == [20, 19, 18, 2] and again.status().evicted == {}
    again.close()
    assert _rows(path, "batches") <= 4


def test_what_had_to_go_while_the_file_was_read_stays_away(path: str) -> None:
    memory = _open(path)
    memory.ingest(request(*(span(1, trace=number, at=number) for number in range(1, 21))))
    memory.close()
    _open(path, traces=4).close()
    again = _open(path)
    assert _known(again) == [20, 19, 18, 17]
    again.close()


def test_batches_without_a_trace_leave_the_file(path: str) -> None:
    memory = _open(path, traces=5)
    for number in range(1, 101):
        memory.ingest(request(span(1, trace=number)))
    memory.close()
    assert 1 <= _rows(path, "batches") <= 5 and _rows(path, "gone") <= 5
    again = _open(path)
    assert sorted(_known(again)) == [96, 97, 98, 99, 100]
    again.close()


def test_a_trace_that_lives_on_in_many_old_batches_does_not_hold_them(path: str) -> None:
    memory = _open(path, bytes=400_000)
    big = {"text": "x" * 5_000}
    for number in range(2, 400):
        memory.ingest(request(span(number, 1, trace=1, error=True), span(1, trace=number, attributes=big)))
    summary = memory.summary(hex_id(1))
    kept = _known(memory)
    memory.close()
    assert summary and summary.spans == 398
    with sqlite3.connect(path) as connection:
        size = connection.execute("SELECT sum(length(body)) FROM batches").fetchone()[0]
    connection.close()
    assert size <= 2 * 400_000 + 200_000
    again = _open(path, bytes=800_000)
    found = again.summary(hex_id(1))
    assert found and found.spans == 398 and set(_known(again)) == set(kept)
    again.close()


def test_a_file_in_use_is_refused(path: str) -> None:
    memory = _open(path)
    with pytest.raises(MeshError, match="in use by another process") as caught:
        _open(path)
    assert caught.value.hint
    memory.close()


@pytest.mark.parametrize(
    "content", [b"this is a text file, and a long one at that\n" * 50, b"SQLite format 3\0" + b"\1" * 9000]
)
def test_a_file_that_is_no_database_is_refused_and_left_alone(path: str, content: bytes) -> None:
    Path(path).write_bytes(content)
    with pytest.raises(MeshError) as caught:
        _open(path)
    assert caught.value.hint and Path(path).read_bytes() == content


def test_a_database_of_another_program_is_refused(path: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE people (name)")
    connection.close()
    with pytest.raises(MeshError, match="another program"):
        _open(path)


def test_a_file_of_another_version_is_refused(path: str) -> None:
    _open(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(MeshError, match="another version"):
        _open(path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MeshError, match="nowhere"):
        _open(str(tmp_path / "nowhere" / "traces.db"))


def test_a_damaged_file_is_refused_with_a_hint(path: str) -> None:
    memory = _open(path)
    for number in range(1, 60):
        memory.ingest(request(span(1, trace=number, attributes={"text": "x" * 20_000})))
    memory.close()
    content = bytearray(Path(path).read_bytes())
    content[20_000 : len(content) - 20_000] = b"\xaa" * (len(content) - 40_000)
    Path(path).write_bytes(content)
    with pytest.raises(MeshError, match="cannot be read") as caught:
        _open(path)
    assert "Move the file away" in caught.value.hint


def test_a_full_disk_is_told_and_memory_goes_on(path: str) -> None:
    disk = DiskStore(path, 10**9)
    disk._connection.execute("PRAGMA max_page_count = 20")
    memory = TraceMemory(Limits(), disk)
    for number in range(1, 200):
        memory.ingest(request(span(1, trace=number, attributes={"text": "x" * 60_000})))
    memory.close()
    assert len(_known(memory)) == 199
    assert memory.status().dropped["not stored: database or disk is full"] > 0


def test_what_waits_too_long_is_given_up_the_oldest_first(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "MAX_WAITING", 100_000)
    monkeypatch.setattr(writer, "GROUP_S", 60.0)
    memory = TraceMemory(Limits(), DiskStore(path, 16 * 25_000))
    for number in range(1, 21):
        memory.ingest(request(span(1, trace=number, at=number, attributes={"text": "x" * 20_000})))
    memory.close()
    behind = memory.status().dropped["store behind"]
    again = _open(path)
    assert behind >= 10 and len(_known(memory)) == 20 and _known(again) == list(range(20, behind, -1))
    again.close()


def test_a_index_knows_when_a_batch_is_empty() -> None:
    index = BatchIndex()
    index.add(1, [b"a", b"b"], 10)
    index.add(2, [b"b", b"c"], 20)
    index.add(2, [b"c"], 5)
    assert index.oldest(3) == [b"a", b"b"] and index.oldest(1) == [] and index.bytes == 35
    assert (index.last(b"b"), index.last(b"x")) == (2, 0)
    assert index.forget(b"a") == [] and index.forget(b"b") == [1] and index.forget(b"x") == []
    assert index.bytes == 25 and index.oldest(3) == [b"c"] and index.forget(b"c") == [2]
    assert index.bytes == 0 and index.oldest(3) == []
