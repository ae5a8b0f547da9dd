"""Values with something in every field, and values with as little as there can be."""

from __future__ import annotations

from dataclasses import replace

from meshctl.core.traces.diff import TraceDiff, diff
from meshctl.core.traces.waterfall import waterfall
from meshctl.model.calls import CallReply
from meshctl.model.config import ServiceKind
from meshctl.model.containers import ContainerState, LogLine
from meshctl.model.events import EventKind, MeshEvent
from meshctl.model.findings import Evidence, EvidenceKind, Finding, Mend, MendKind
from meshctl.model.plan import Failure, Operation, OperationKind, Plan, Step, UpReport
from meshctl.model.progress import Phase, ProgressEvent
from meshctl.model.registry import Check, CheckStatus, RegistryCheckKind
from meshctl.model.spans import Span, SpanEvent, SpanKind, SpanLink, SpanStatus
from meshctl.model.status import FindingKind, Health, InstanceStatus, ProbeResult, Reason, ReasonKind, ServiceStatus
from meshctl.model.traces import Trace
from tests.spans import BEGIN_NS, TRACE, order, span, summary, trace

NOW = 1_795_435_200.0

MAINTENANCE = Check(
    RegistryCheckKind.MAINTENANCE, "_service_maintenance:web-1", "m", CheckStatus.CRITICAL, "", NOW - 90
)
CRITICAL = Check(RegistryCheckKind.SERVICE, "service:web-1", "http", CheckStatus.CRITICAL, "503 ☃", NOW - 5)
WEB = InstanceStatus(
    "web-1",
    "shop-web-1",
    "c1",
    ContainerState.RUNNING,
    Health.DEGRADED,
    (
        Reason(ReasonKind.CHECK_FAILS, source="consul", check=CRITICAL, alone=True),
        Reason(ReasonKind.CHECK_FAILS, source="consul", check=MAINTENANCE),
    ),
    ports={"http": "127.0.0.1:49153", "grpc": "127.0.0.1:49154"},
    probe=ProbeResult(True, "", 0.01),
    registry=CheckStatus.MAINTENANCE,
    restarts=1,
    started_at=NOW - 100.25,
)
WORKER = InstanceStatus(
    "worker-2",
    "shop-worker-2",
    "c2",
    ContainerState.EXITED,
    Health.UNHEALTHY,
    (Reason(ReasonKind.EXITED, exit_code=137, oom=True), Reason(ReasonKind.PROBE_FAILS, detail="refused")),
    probe=ProbeResult(False, "refused"),
)
SERVICES = (
    ServiceStatus(
        "web",
        ServiceKind.APPLICATION,
        "running",
        Health.DEGRADED,
        1,
        1,
        1,
        (Reason(ReasonKind.WAITS, "web-1", "db", since=NOW - 3700),),
        (WEB,),
    ),
    ServiceStatus(
        "worker",
        ServiceKind.JOB,
        "exited",
        Health.UNHEALTHY,
        0,
        2,
        3,
        (Reason(ReasonKind.TOO_FEW, count=1, of=2), Reason(ReasonKind.CRASH_LOOP, "worker-2", count=7)),
        (WORKER,),
    ),
    ServiceStatus("idle", ServiceKind.INFRASTRUCTURE, "not created", Health.STOPPED, 0, 1),
)

FINDINGS = (
    Finding(
        "db",
        FindingKind.PAUSED,
        "db-1",
        NOW - 130,
        "you",
        Reason(ReasonKind.PROBE_FAILS, detail="no answer"),
        (
            Evidence(EvidenceKind.PROBE, "db-1", NOW - 5, reason=Reason(ReasonKind.PROBE_FAILS, detail="no answer")),
            Evidence(EvidenceKind.LOG, "web-1", NOW - 2, text="call failed: db ☃"),
        ),
        ("web", "worker"),
        Mend(MendKind.UNPAUSE, "db"),
    ),
    Finding("web", FindingKind.MAINTENANCE, mend=Mend(MendKind.END_MAINTENANCE, "web", "web-1")),
    Finding("idle", FindingKind.STARTING, reason=Reason(ReasonKind.PROBE_FAILS, detail="refused")),
)

FULL_SPAN = Span(
    TRACE,
    "00000000000000aa",
    "",
    "orders",
    "POST /orders/",
    SpanKind.SERVER,
    BEGIN_NS + 17,
    12_345_678,
    SpanStatus.ERROR,
    "no stock",
    "orders-1",
    "meshkit",
    {"http.response.status_code": 503, "ratio": 0.5, "ok": False, "tags": ["a", "b"], "deep": {"x": [1, {"y": "z"}]}},
    {"service.name": "orders", "process.pid": 7},
    (SpanEvent("exception", BEGIN_NS + 20, {"exception.type": "E"}), SpanEvent("plain", BEGIN_NS + 21)),
    (SpanLink("f" * 32, "e" * 16, {"why": "retry"}),),
)
CHILD_SPAN = replace(
    FULL_SPAN,
    span_id="00000000000000ab",
    parent_id="00000000000000aa",
    name="reserve",
    kind=SpanKind.CLIENT,
    start_ns=BEGIN_NS + 1_000_001,
    duration_ns=-5,
    status=SpanStatus.OK,
    status_message="",
    events=(),
    links=(),
)
ODD_VALUES = {"raw": b"\xff\x00", "nan": float("nan"), "inf": [float("-inf"), 2**70], "none": None}
ODD_SPAN = replace(FULL_SPAN, span_id="00000000000000ac", parent_id="dead", attributes=ODD_VALUES)
FULL_TRACE = Trace(TRACE, (FULL_SPAN, CHILD_SPAN), settled=True, truncated=3)
ODD_TRACE = Trace(TRACE, (CHILD_SPAN, ODD_SPAN, FULL_SPAN), waits_for="the root", pinned=True)
EMPTY_TRACE = Trace("0" * 32, ())
ORDER = order()

SUMMARIES = (
    summary(),
    summary(
        2, "web", "GET /", errors=2, has_root=False, pinned=True, truncated=9, services={"web": 1, "db": 2}, at=-0.5
    ),
    summary(3, start_ns=0, duration_ns=2**62),
)

#: An order as it was, and one in which reserving is slow and repeated, fails, and writes no more.
_BEFORE = (span(1, name="root", ms=40), span(2, 1, "db", "SELECT", ms=2, at=1), span(3, 1, "mq", "publish", ms=3, at=5))
_AFTER = (
    span(1, name="root", ms=65.0004),
    *(span(number, 1, "db", "SELECT", ms=4.0001, at=number, error=number == 9) for number in range(2, 12)),
    span(20, 11, "cache", "GET", ms=1.2345678, at=11, kind=SpanKind.CLIENT),
)
DIFF = diff(waterfall(trace(*_BEFORE)), waterfall(trace(*_AFTER)))
EMPTY_DIFF = TraceDiff("a", "b", 0, 0, (0, 0))

REPLIES = (
    CallReply("web", "web-1", "http", 200, True, 12.345678, {"content-type": "application/json"}, {"a": [1]}, "t1", 5),
    CallReply("web", "web-1", "http", 404, False, 1.0, body="no such thing"),
    CallReply("users", "users-1", "grpc", "OK", True, 0.004, body=[]),
    CallReply("users", "users-1", "grpc", "NOT_FOUND", False, 3.0, {"x": "y"}, "gone"),
    CallReply("web", "web-2", "http", "no answer", False, 10000.0, body="web-2 refused"),
)

LINES = (LogLine("web", "web-1", NOW + 0.123456, "stdout", '{"a":"☃"}'), LogLine("db", "db-1", 0.0, "stderr", ""))

PLAN = Plan(
    "shop",
    (
        Operation("image:web", OperationKind.PULL_OR_BUILD, "web:1", "web", "is not here"),
        Operation(
            "create:web-1", OperationKind.CREATE, "web-1", "web", "", ("image:web",), "", follows=("stop:old-1",)
        ),
        Operation("ready:web-1", OperationKind.WAIT_READY, "web-1", "web", after=("create:web-1",)),
    ),
    ("api is kept",),
)
FAILURES = (
    Failure("web", "web-1", "exited 1", "meshctl logs web", 1, True, ("line 1", "line ☃"), "exited"),
    Failure("db", "", "no image"),
)
UP = UpReport(
    "shop",
    False,
    1234.5678,
    True,
    True,
    FAILURES,
    (Step("pull", "web:1", 0.123456), Step("start", "web-1", 2.0)),
    ("api is kept",),
    skipped=("web-2",),
    began=NOW,
    trace_id=TRACE,
)
UP_NOTHING = UpReport("shop", True, 0.04, False)

PROGRESS = (
    ProgressEvent("pull", "web:1", Phase.PROGRESS, "web", "12 MB", 0.25, 1.23456),
    ProgressEvent("start", "web-1", Phase.STARTED),
)

EVENTS = (
    MeshEvent(EventKind.DIED, NOW, "web", "web-1", 137, True),
    MeshEvent(EventKind.SCALED, NOW, "web", before=1, after=3),
    MeshEvent(
        EventKind.BECAME_UNHEALTHY,
        NOW,
        "web",
        "web-1",
        before=Health.HEALTHY,
        after=Health.DEGRADED,
        reason=Reason(ReasonKind.CHECK_FAILS, source="consul", check=CRITICAL),
    ),
    MeshEvent(EventKind.BECAME_HEALTHY, NOW, "web", "web-1", since=NOW - 3),
)
