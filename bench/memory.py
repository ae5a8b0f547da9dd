"""The memory of traces: spans a second in, bytes a kept span, searches. ``python -m bench.memory [--store]``.

Batches of 512 spans with 17 attributes (about 580 bytes a span), 8 spans a trace, spread over batches.
"""

from __future__ import annotations

import argparse
import base64
import gc
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from meshctl.collector.options import CollectorOptions
from meshctl.collector.traces.memory import TraceMemory, open_memory
from meshctl.core.traces.stored import Limits
from meshctl.model.traces import TraceQuery

BATCH, PER_TRACE, KEPT = 512, 8, 100_000
ROOM = 96 * 1024 * 1024
SERVICES = ("gateway", "orders", "users", "inventory", "payments", "notifications", "worker", "search")
WORDS = ("espresso", "ristretto", "lungo", "cortado", "doppio", "macchiato", "americano", "affogato")


def main() -> None:
    """Print one figure a line."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--store", action="store_true", help="with a file")
    words.add_argument("--resident", type=Path, help=argparse.SUPPRESS)
    words.add_argument("--spans", type=int, default=400_000, help="spans to take")
    chosen = words.parse_args()
    if chosen.resident:
        kept(chosen.resident)
        return
    bodies = batches(KEPT)
    size = sum(map(len, bodies)) / KEPT
    print(f"{len(bodies)} batches, {size:.0f} bytes a span")
    if chosen.store:
        with tempfile.TemporaryDirectory() as folder:
            options = CollectorOptions(store=str(Path(folder) / "traces.db"), max_bytes=ROOM)
            ingest(open_memory(options), bodies, chosen.spans)
        return
    ingest(TraceMemory(Limits(bytes=ROOM)), bodies, chosen.spans)
    resident_of(bodies)
    memory = TraceMemory()
    for body in bodies:
        memory.ingest(body)
    searches(memory)


def ingest(memory: TraceMemory, bodies: Sequence[bytes], spans: int) -> None:
    """Take the same requests over and over as new traces, the old ones evicted."""
    best, taken = float("inf"), 0.0
    for turn in range(max(1, spans // KEPT)):
        copies = renamed(bodies, turn)
        gc.collect()
        before = time.perf_counter()
        for body in copies:
            memory.ingest(body)
        best = min(best, time.perf_counter() - before)
        taken += time.perf_counter() - before
    before = time.perf_counter()
    memory.close()
    closed = time.perf_counter() - before
    status = memory.status()
    print(f"take: {status.received / taken:,.0f} spans/s, best 100,000 {KEPT / best:,.0f}; close {closed:.2f} s")
    print(f"kept {status.spans:,}, evicted {dict(status.evicted)}, dropped {dict(status.dropped)}")


def resident_of(bodies: Sequence[bytes]) -> None:
    """What keeping 100,000 spans costs a process that has nothing else."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.writelines(base64.b64encode(body).decode() + "\n" for body in bodies)
        file.flush()
        subprocess.run([sys.executable, "-m", "bench.memory", "--resident", file.name], check=True)


def kept(path: Path) -> None:
    """Take the requests in a file one by one; print what the process has grown by."""
    memory = TraceMemory()
    with path.open() as lines:
        memory.ingest(base64.b64decode(next(lines)))
        before = resident()
        for line in lines:
            memory.ingest(base64.b64decode(line))
    status = memory.status()
    print(
        f"kept {status.spans:,} spans in {status.traces:,} traces: {status.bytes / 1e6:.0f} MB counted, "
        f"resident {resident() - before:+.0f} MB, {resident():.0f} MB in all"
    )


def searches(memory: TraceMemory) -> None:
    """The slowest of five, and the best, in milliseconds."""
    queries = {
        "newest 20": TraceQuery(limit=20),
        "operation that is not there": TraceQuery(operation="nothing"),
        "slow and failed": TraceQuery(min_duration_ns=5_000_000, error=True),
        "attribute found often": TraceQuery(attributes=(("an.attribute.2", "cortado 5"),)),
        "attribute found once": TraceQuery(attributes=(("attr.unique", "77777"),)),
        "attribute never found": TraceQuery(attributes=(("attr.unique", "no"),)),
        "attribute and duration": TraceQuery(attributes=(("attr.unique", "77777"),), min_duration_ns=1),
        "text found once": TraceQuery(text="NEEDLE-77777 AND"),
        "text never found": TraceQuery(text="no such thing"),
    }
    for name, query in queries.items():
        print(f"search {name}: {timed(lambda query=query: len(memory.search(query)))}")
    print(f"edges, first: {timed(lambda: len(memory.edges(0)), 1)}")
    print(f"edges, second: {timed(lambda: len(memory.edges(0)), 1)}")
    print(f"edges, after: {timed(lambda: len(memory.edges(0)))}")
    one = memory.search(TraceQuery(limit=1))[0].trace_id
    print(f"wire of one: {timed(lambda: len(memory.wire(one) or b''))}")
    print(f"status: {timed(lambda: memory.status().traces)}")


def timed(work: Callable[[], int], times: int = 5) -> str:
    """``best / slowest ms (result)``."""
    taken = []
    result = 0
    for _ in range(times):
        began = time.perf_counter()
        result = work()
        taken.append((time.perf_counter() - began) * 1e3)
    return f"{min(taken):.1f} / {max(taken):.1f} ms ({result})"


def batches(spans: int) -> list[bytes]:
    """Requests of 512 spans each; traces are spread over eight of them."""
    chance = random.Random(7)
    ids = [chance.randbytes(16) for _ in range(spans // PER_TRACE)]
    order = [(number, place) for number in range(len(ids)) for place in range(PER_TRACE)]
    block = BATCH * PER_TRACE
    for begin in range(0, len(order), block):
        part = order[begin : begin + block]
        chance.shuffle(part)
        order[begin : begin + block] = part
    begin_ns = time.time_ns() - 60_000_000_000
    made = []
    for number, begin in enumerate(range(0, len(order), BATCH)):
        request = ExportTraceServiceRequest()
        _fill(request, [(ids[trace], trace, place) for trace, place in order[begin : begin + BATCH]], number, begin_ns)
        made.append(request.SerializeToString())
    return made


def _fill(request: Any, part: list[tuple[bytes, int, int]], batch: int, begin_ns: int) -> None:
    service = SERVICES[batch % len(SERVICES)]
    resource = request.resource_spans.add()
    for key, text in (("service.name", service), ("service.instance.id", f"{service}-1"), ("host.name", "laptop")):
        resource.resource.attributes.add(key=key).value.string_value = text
    scope = resource.scope_spans.add()
    scope.scope.name = "bench"
    for trace_id, trace, place in part:
        start = begin_ns + trace * 4_000_000 + place * 100_000
        number = trace * PER_TRACE + place
        span = scope.spans.add(trace_id=trace_id, span_id=(number + 1).to_bytes(8, "big"), kind=2 + place % 2)
        span.parent_span_id = b"" if place == 0 else number.to_bytes(8, "big")
        span.name = f"GET /things/{place}"
        span.start_time_unix_nano, span.end_time_unix_nano = start, start + 9_000_000 - place * 1_000_000
        span.status.code = 2 if trace % 50 == 0 and place == 3 else 0
        for index in range(15):
            pair = span.attributes.add(key=f"an.attribute.{index}")
            if index % 3 == 0:
                pair.value.int_value = index * 1000 + place
            else:
                pair.value.string_value = f"{WORDS[(trace + index) % len(WORDS)]} {place}"
        span.attributes.add(key="attr.unique").value.int_value = number
        span.attributes.add(key="attr.text").value.string_value = f"needle-{number} and some more words after it"


def renamed(bodies: Sequence[bytes], turn: int) -> list[bytes]:
    """The same requests with other trace ids."""
    copies = []
    for body in bodies:
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    span.trace_id = turn.to_bytes(2, "big") + span.trace_id[2:]
        copies.append(request.SerializeToString())
    return copies


def resident() -> float:
    """MB of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


if __name__ == "__main__":
    main()
