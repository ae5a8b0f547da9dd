"""The collector over real sockets: spans a second, memory, searches. ``python -m bench.collector``.

It runs on the first core, the sender on the second.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from bench.timing import Figure

SUSTAINED, SUSTAINED_STORED, KEPT, GROWTH_MB, SEARCH_S = 150_000, 100_000, 100_000, 90, 0.2

#: Spans of one run, which last about two seconds.
RUN = 500_000

_MB = 1024 * 1024
_PORTS = re.compile(r"otlp/grpc (\d+), otlp/http (\d+), query (\d+)")


class Running(NamedTuple):
    """A collector process and its ports."""

    pid: int
    grpc: int
    http: int
    query: int

    def ask(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.query}{path}") as answer:
            return json.load(answer)

    def busy(self) -> float:
        """Seconds of processor time it has used."""
        words = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self) -> int:
        """Bytes of memory it uses."""
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())
        assert found
        return int(found.group(1)) * 1024


@contextmanager
def collector(*words: str) -> Iterator[Running]:
    """One on free ports, on the first core."""
    argv = ["-m", "meshctl", "collector", "--grpc-port", "0", "--http-port", "0", "--query-port", "0", *words]
    with subprocess.Popen([sys.executable, *argv], stderr=subprocess.PIPE, text=True) as process:
        try:
            os.sched_setaffinity(process.pid, {_cores()[0]})
            assert process.stderr is not None
            said = process.stderr.readline()
            found = _PORTS.search(said)
            if not found:
                raise SystemExit(said + process.stderr.read())
            for task in Path(f"/proc/{process.pid}/task").iterdir():
                os.sched_setaffinity(int(task.name), {_cores()[0]})
            yield Running(process.pid, *map(int, found.groups()))
        finally:
            process.terminate()
            process.wait(10)


class Rate(NamedTuple):
    """Spans a second, by the clock and by the collector's own processor time too."""

    wall: float
    processor: float


def send(running: Running, protocol: str, spans: int) -> Rate:
    """How fast so many spans were taken; SystemExit when one is missing."""
    before, busy = running.ask("/v1/status")["received"], running.busy()
    port = running.grpc if protocol == "grpc" else running.http
    argv = [sys.executable, "-m", "bench.otlp_sender", protocol, str(port), str(spans)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        os.sched_setaffinity(process.pid, {_cores()[-1]})
        said, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"{protocol}: the sender failed")
    told = json.loads(said)
    taken = running.ask("/v1/status")["received"] - before
    if taken != told["spans"]:
        raise SystemExit(f"{protocol}: {told['spans']} spans were sent, {taken} were received")
    return Rate(told["measured"] / told["seconds"], taken / max(running.busy() - busy, 0.01))


def rates(runs: int) -> list[Figure]:
    """Every way in turns, a collector each; with a store until all of it is on disk."""
    found: dict[tuple[str, bool], list[Rate]] = {(way, kept): [] for kept in (False, True) for way in ("grpc", "http")}
    for _ in range(runs):
        for (protocol, stored), rates_of in found.items():
            with tempfile.TemporaryDirectory() as folder:
                words = ("--store", f"{folder}/traces.db") if stored else ()
                with collector(*words) as running:
                    rates_of.append(send(running, protocol, RUN))
    return [_rate(protocol, stored, rates_of) for (protocol, stored), rates_of in found.items()]


def keeping() -> list[Figure]:
    """What 100,000 kept spans cost, and how long a search over them takes."""
    with collector("--max-bytes", "256MB", "--max-traces", "50000") as running:
        # What is loaded with the first request is no cost of a span.
        send(running, "grpc", 512)
        running.ask("/v1/traces?attribute=a=b")
        before, spans_before = running.resident(), running.ask("/v1/status")["spans"]
        send(running, "grpc", KEPT)
        kept = running.ask("/v1/status")["spans"] - spans_before
        if kept < KEPT:
            raise SystemExit(f"only {kept} spans are kept")
        time.sleep(1)
        growth = (running.resident() - before) / _MB * KEPT / kept
        memory = Figure(f"{KEPT:,} kept spans", f"{growth:.0f} MB", f"≤ {GROWTH_MB} MB", growth <= GROWTH_MB)
        return [memory, *(_search(running, name, words) for name, words in _SEARCHES.items())]


_SEARCHES = {
    "by an attribute of one span": {"attribute": "order.id=order-3-77", "limit": "20"},
    "by an attribute nobody has": {"attribute": "order.id=none", "limit": "20"},
    "by an attribute of all": {"attribute": "http.request.method=GET", "limit": "20"},
    "by duration": {"min_duration_ms": "500", "limit": "20"},
    "by duration and attribute": {"min_duration_ms": "1", "attribute": "order.id=none", "limit": "20"},
    "by a text nobody has": {"text": "no such text", "limit": "20"},
}


def _search(running: Running, name: str, words: dict[str, str]) -> Figure:
    path = f"/v1/traces?{urllib.parse.urlencode(words)}"
    times = []
    for _ in range(7):
        began = time.perf_counter()
        running.ask(path)
        times.append(time.perf_counter() - began)
    # A text is looked for in every attribute: recorded, not judged.
    judged = "text" not in words
    took = median(times)
    limit = f"< {SEARCH_S * 1000:.0f} ms" if judged else ""
    met = took < SEARCH_S if judged else None
    return Figure(f"search of {KEPT:,} spans {name}", f"{took * 1000:.0f} ms", limit, met)


def _rate(protocol: str, stored: bool, found: list[Rate]) -> Figure:
    limit = SUSTAINED_STORED if stored else SUSTAINED
    name = f"OTLP/{'gRPC' if protocol == 'grpc' else 'HTTP'}{', stored' if stored else ''}, nothing lost"
    wall, processor = (median(one[place] for one in found) for place in (0, 1))
    said = f"{wall:,.0f} spans/s, {processor:,.0f} a second of its processor time"
    return Figure(name, said, f"≥ {limit:,}", wall >= limit)


def _cores() -> list[int]:
    return sorted(os.sched_getaffinity(0))


def figures(runs: int = 5) -> list[Figure]:
    """All of it."""
    return [*rates(runs), *keeping()]


if __name__ == "__main__":
    for figure in figures(int(sys.argv[1]) if len(sys.argv) > 1 else 5):
        print(f"{figure.name:<60} {figure.measured:>20}  {figure.limit:<12} {figure.met}")
