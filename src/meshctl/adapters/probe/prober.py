"""The ``Prober``: each check has its own time, its answer is shared, and it never raises."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from meshctl.adapters.probe.network import Complaint, ask_http, ask_tcp, complaint_of
from meshctl.core.text import last_words, shorten
from meshctl.errors import CommandLeft, DeadlineExceeded, MeshError
from meshctl.model.config import AppProtocol, CheckKind, HealthCheck, PortSpec, ServiceSpec
from meshctl.model.containers import Container
from meshctl.model.status import ProbeProblem, ProbeResult

if TYPE_CHECKING:
    from meshctl.adapters.probe.listening import Exec, Listeners

_DETAIL = 160
_PROTOCOL = {CheckKind.HTTP: AppProtocol.HTTP, CheckKind.GRPC: AppProtocol.GRPC}
#: Where the address that was asked is part of the reason.
_ABOUT_ADDRESS = (
    ProbeProblem.REFUSED,
    ProbeProblem.CLOSED,
    ProbeProblem.LOCAL_ONLY,
    ProbeProblem.OTHER_PORT,
    ProbeProblem.UNREACHABLE,
    ProbeProblem.SILENT,
    ProbeProblem.PROTOCOL,
)
#: Nobody may be there: what listens inside tells why.
_UNHEARD = (ProbeProblem.REFUSED, ProbeProblem.CLOSED)

_Key = tuple[str, float | None, str, HealthCheck]


@dataclass(frozen=True, slots=True)
class _Question:
    """One check of one instance, through ``address``, which leads to ``port``; '' and None for a ``test``."""

    spec: ServiceSpec
    check: HealthCheck
    container: Container
    address: str
    port: PortSpec | None

    @property
    def key(self) -> _Key:
        """The same for whoever wants to know the same."""
        return self.container.id, self.container.started_at, self.address, replace(self.check, timeout_s=0.0)

    @property
    def cut(self) -> bool:
        """It has less time than the service's check has by the file."""
        return self.check.timeout_s < self.spec.healthcheck.timeout_s

    def silence(self) -> Complaint:
        within = "yet" if self.cut else f"within {round(self.check.timeout_s, 2):g} s"
        return ProbeProblem.SILENT, f"no answer {within}"

    def result(self, complaint: Complaint | None, elapsed_s: float, listening: tuple[str, ...] = ()) -> ProbeResult:
        problem, words = complaint or (None, "")
        expected = str(self.port.target) if self.port else ""
        if self.address and problem in _ABOUT_ADDRESS:
            inside = f" (port {expected} inside)" if expected else ""
            words = f"{self.address}{inside}: {words}"
        return ProbeResult(
            ok=complaint is None,
            detail=shorten(words, _DETAIL),
            elapsed_s=elapsed_s,
            problem=problem,
            asked=self.address,
            expected=expected,
            listening=listening,
            cut=self.cut and problem is ProbeProblem.SILENT,
        )


class NetworkProber:
    """http, grpc and tcp through the published port, ``test`` inside the container; each once at a time."""

    def __init__(self, exec: Exec | None) -> None:
        self._exec = exec
        self._asked: dict[_Key, asyncio.Future[ProbeResult]] = {}
        self._listeners: Listeners | None = None

    async def probe(self, spec: ServiceSpec, check: HealthCheck, container: Container) -> ProbeResult:
        """The answer within ``check.timeout_s``; NONE passes for a running container.

        Who asks what is being asked already gets that answer, unless it was given less time than this one has.
        """
        started = time.monotonic()
        left_s = check.timeout_s
        question = _Question(spec, check, container, *_address(spec, check, container))
        while (asked := self._asked.get(question.key)) is not None:
            await asyncio.wait([asked], timeout=max(left_s, 0.0))
            left_s = started + check.timeout_s - time.monotonic()
            if not asked.done():
                return question.result(question.silence(), check.timeout_s - left_s)
            if not asked.cancelled() and (question.cut or not asked.result().cut):
                return asked.result()
        answer = self._asked[question.key] = asyncio.get_running_loop().create_future()
        try:
            result = await self._answer(question, left_s)
            answer.set_result(result)
            return result
        finally:
            answer.cancel()
            del self._asked[question.key]

    async def close(self) -> None:
        """Nothing is held between probes."""

    async def _answer(self, question: _Question, timeout_s: float) -> ProbeResult:
        started = time.monotonic()
        complaint = await self._complaint(question, timeout_s)
        elapsed_s = time.monotonic() - started
        listening: tuple[str, ...] = ()
        if complaint is None and self._listeners is not None:
            self._listeners.forget(question.container)
        elif complaint is not None and complaint[0] in _UNHEARD:
            complaint, listening = await self._look_inside(question, complaint)
        return question.result(complaint, elapsed_s, listening)

    async def _complaint(self, question: _Question, timeout_s: float) -> Complaint | None:
        """None when the check passes."""
        try:
            if question.check.kind is CheckKind.TEST:
                return await self._test(question, timeout_s)
            async with asyncio.timeout(timeout_s):
                return await _through_port(question)
        except TimeoutError:
            return question.silence()
        except DeadlineExceeded as error:
            return question.silence() if question.cut else (ProbeProblem.SILENT, str(error).rstrip("."))
        except OSError as error:
            return complaint_of(error)
        except MeshError as error:
            return (ProbeProblem.LEFT if isinstance(error, CommandLeft) else ProbeProblem.RUNTIME), str(error)
        except Exception as error:
            return ProbeProblem.RUNTIME, f"{type(error).__name__}: {error}"

    async def _test(self, question: _Question, timeout_s: float) -> Complaint | None:
        if self._exec is None:
            return ProbeProblem.RUNTIME, "this runtime runs no commands inside of instances"
        result = await self._exec(question.container.id, question.check.test, timeout_s)
        if result.exit_code == 0:
            return None
        said = last_words(result.errors) or last_words(result.output)
        return ProbeProblem.EXIT, f"exit {result.exit_code}: {said}" if said else f"exit {result.exit_code}"

    async def _look_inside(self, question: _Question, complaint: Complaint) -> tuple[Complaint, tuple[str, ...]]:
        """The complaint, or the better one that what listens inside gives, and what listens."""
        if question.port is None or self._exec is None:
            return complaint, ()
        from meshctl.adapters.probe.listening import Listeners, explain

        self._listeners = self._listeners or Listeners(self._exec)
        seen = await self._listeners.of(question.container)
        if seen is None:
            return complaint, ()
        port, own = question.port.target, {known.target for known in question.spec.ports}
        finding = explain(seen, port, own, open=False)
        if finding.problem is ProbeProblem.LOCAL_ONLY and complaint[0] is ProbeProblem.CLOSED:
            finding = explain(seen, port, own, open=await _stays_open(question.address))
        words = finding.words if finding.problem else f"{complaint[1]}{finding.words and f': {finding.words}'}"
        return (finding.problem or complaint[0], words), tuple(str(one) for one in seen)


async def _through_port(question: _Question) -> Complaint | None:
    check, address = question.check, question.address
    if check.kind is CheckKind.NONE:
        return None
    if not address:
        words = f"port '{check.port}' is not published" if check.port else "no port to probe is published"
        return ProbeProblem.NOT_PUBLISHED, words
    match check.kind:
        case CheckKind.HTTP:
            return await ask_http(address, check.path or "/")
        case CheckKind.GRPC:
            from meshctl.adapters.grpc.health import ask_grpc

            return await ask_grpc(address, check.grpc_service, check.timeout_s)
    return await ask_tcp(address)


async def _stays_open(address: str) -> bool:
    try:
        return await ask_tcp(address) is None
    except OSError:
        return False


def _address(spec: ServiceSpec, check: HealthCheck, container: Container) -> tuple[str, PortSpec | None]:
    """The named port; without a name the first that speaks the check's protocol, for tcp the first of all."""
    if check.kind in (CheckKind.NONE, CheckKind.TEST):
        return "", None
    wanted = _PROTOCOL.get(check.kind)
    for port in spec.ports:
        fits = port.name == check.port if check.port else wanted in (None, port.app_protocol)
        if fits and port.name in container.ports:
            return container.ports[port.name], port
    return (container.ports.get(check.port, "") if check.port else ""), None
