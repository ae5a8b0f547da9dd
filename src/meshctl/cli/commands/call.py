"""``meshctl call``: loads no client library, because a call should cost what a call costs."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Any

from meshctl.blocking import run_blocking
from meshctl.cli import diagnostics
from meshctl.cli.content import STDIN, content_of, within
from meshctl.cli.context import World, known_config, output_of
from meshctl.cli.diagnostics import Exit
from meshctl.cli.interrupts import interrupt, interruptible
from meshctl.cli.output import Output
from meshctl.errors import MeshError, UsageError
from meshctl.model.calls import CallReply, CallRequest

if TYPE_CHECKING:
    from meshctl.engine.session import Calls
    from meshctl.model.calls import CallOutcome, SentCall

#: The status of a request among many that got none; its body says why.
NO_ANSWER = "no answer"
_LARGEST_BODY = 64 * 1024 * 1024
_FROM_FILE = "-d @FILE reads the body from a file."
#: Spans that are sent at once.
_AT_ONCE = 50
_SILENT = (
    "no span of '{service}' has come: does it send traces to OTEL_EXPORTER_OTLP_ENDPOINT, and take traceparent "
    "from its callers?"
)
#: What makes and sends spans, and what reads and draws traces.
_SENDING = ("meshctl.core.traces.call_span", "meshctl.adapters.collector.sender", "meshctl.adapters.otlp.encode")
_DRAWING = (
    "meshctl.engine.traces",
    "meshctl.adapters.collector.reader",
    "meshctl.adapters.otlp.decode",
    "meshctl.cli.commands.traces",
    "meshctl.core.traces.waterfall",
    "meshctl.present.documents.waterfall",
    "meshctl.present.log_rows",
    "meshctl.present.waterfall",
)


def run(options: argparse.Namespace, world: World) -> int:
    """Send, print the body, tell the status on stderr; exit 1 for HTTP ≥ 400 or a gRPC status that is not OK.

    The spans of requests that are not traced go to the collector once their answers are printed.
    """
    request = request_of(options)
    calls = world.open_cold_session(known_config(options, world)).calls
    many = options.repeat > 1 or options.instance == "all"
    answers = _Answers(options, output_of(options), many)
    _load_meanwhile(_SENDING)
    with interruptible(interrupt) if many else nullcontext():
        _send(calls, request, answers)
    return answers.code


def _send(calls: Calls, request: CallRequest, answers: _Answers) -> None:
    options = answers.options
    try:
        for _ in range(options.repeat):
            for endpoint in run_blocking(calls.targets(request)):  # looked up anew each time
                sent = run_blocking(calls.send(request, endpoint))
                shown = answers.show(sent)
                if options.trace and shown:
                    _load_meanwhile(_DRAWING)
                    answers.show_outcome(run_blocking(calls.caused(sent)))
                elif len(answers.replies) % _AT_ONCE == 0:
                    answers.report(calls)
    finally:
        answers.end()
        answers.report(calls)


def _load_meanwhile(modules: Sequence[str]) -> None:
    """Import what is needed after the answer of somebody else while that is on its way."""
    Thread(target=lambda: [import_module(name) for name in modules], daemon=True).start()


@dataclass(eq=False, repr=False)
class _Answers:
    """Prints answers as they come, with ``--json`` one document at the end; the status of the command."""

    options: argparse.Namespace
    out: Output
    many: bool
    code: int = Exit.DONE
    replies: list[CallReply] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)
    told: set[str] = field(default_factory=set)
    reported: bool = True

    def show(self, sent: SentCall) -> bool:
        """One of many that got no answer is a bad reply; alone it is the error of the command.

        A terminal gets the body laid out; a pipe gets its bytes, those of one alone to the last. False when there is
        no answer that a trace could be part of.
        """
        alone = not (self.many or self.options.trace)
        if sent.error is not None and not self.many:
            self.code = diagnostics.report(sent.error, traceback=self.options.verbose > 1)
            return not self.options.json
        reply = sent.reply or _no_answer(sent)
        self.replies.append(reply)
        self.code = self.code if reply.ok else Exit.BAD
        if self.options.json:
            from meshctl.present.documents.calls import reply_to_data

            self.documents.append(reply_to_data(reply))
            return True
        if not self.options.quiet:
            status = str(reply.status)
            if isinstance(reply.status, int) and reply.status in set(HTTPStatus):
                status = f"{reply.status} {HTTPStatus(reply.status).phrase}"
            diagnostics.note(f"{status} · {reply.instance} · {reply.elapsed_ms:.0f} ms")
        if reply.status == NO_ANSWER:
            diagnostics.note(f"    {reply.body}")
        elif reply.content and not self.out.on_terminal:
            self.out.content(reply.content if alone or reply.content.endswith(b"\n") else reply.content + b"\n")
        elif isinstance(reply.body, str):
            if reply.body:
                self.out.text(reply.body.rstrip("\n"))
        elif reply.body is not None:
            self.out.data(reply.body)
        self.out.flush()  # the answer is seen while its trace settles
        return True

    def show_outcome(self, outcome: CallOutcome) -> None:
        """The waterfall, and below it what the services logged meanwhile; or a note why there is none."""
        if self.options.json:
            from meshctl.present.documents.calls import caused_to_data

            self.documents[-1] |= caused_to_data(outcome.trace, outcome.logs)
        elif outcome.answered and outcome.trace is not None:
            from meshctl.cli.commands.traces import shown_width
            from meshctl.core.traces.waterfall import waterfall
            from meshctl.present.log_rows import log_row
            from meshctl.present.waterfall import printed

            self.out.text("")
            self.out.lines(printed(waterfall(outcome.trace), shown_width()))
            if outcome.logs:
                self.out.text("")
                self.out.lines([log_row(line, ids=False) for line in outcome.logs])
        if self.options.quiet:
            return
        if outcome.missing is not None and str(outcome.missing) not in self.told:
            self.told.add(str(outcome.missing))
            diagnostics.warn(outcome.missing)
        elif outcome.missing is None and outcome.reply is not None and not outcome.answered:
            diagnostics.note(f"note: {_SILENT.format(service=outcome.sent.endpoint.service)}")

    def report(self, calls: Calls) -> None:
        """Send the spans of what was shown, as long as somebody takes them; nobody waits for that or hears of it."""
        if self.reported:
            try:
                run_blocking(calls.report())
            except MeshError:
                self.reported = False

    def end(self) -> None:
        """What is told of all of them, flushed."""
        if self.documents:
            self.out.data(self.documents if self.many else self.documents[0])
        elif len(self.replies) > 1 and not self.options.quiet:
            counts = Counter(reply.instance for reply in self.replies)
            failed = sum(not reply.ok for reply in self.replies)
            shares = ", ".join(f"{instance} {count}" for instance, count in sorted(counts.items()))
            diagnostics.note(f"{len(self.replies)} calls, {failed} failed: {shares}")
        self.out.flush()


def request_of(options: argparse.Namespace) -> CallRequest:
    """The request the words mean. Raises UsageError."""
    method, target = options.method, options.path or ""
    if options.path is None:
        if "/" not in method or method.startswith("/"):
            raise UsageError(
                f"'{method}' is neither METHOD PATH nor pkg.Service/Method",
                hint=f"meshctl call {options.service} GET / or meshctl call {options.service} pkg.Service/Method",
            )
        method, target = "", method
    elif not target.startswith("/"):
        raise UsageError(f"the path '{target}' does not begin with /", hint=f"Did you mean /{target}?")
    return CallRequest(
        service=options.service,
        method=method.upper(),
        target=target,
        body=_body(options.data),
        headers=tuple(_header(text) for text in options.header),
        timeout_s=options.timeout,
        instance=options.instance or "",
    )


def _no_answer(sent: SentCall) -> CallReply:
    endpoint = sent.endpoint
    protocol = "grpc" if "rpc.method" in sent.span.attributes else "http"
    elapsed_ms = sent.span.duration_ns / 1e6
    return CallReply(
        endpoint.service,
        endpoint.instance,
        protocol,
        NO_ANSWER,
        False,
        elapsed_ms,
        body=str(sent.error),
        trace_id=sent.span.trace_id,
    )


def _body(data: str | None) -> bytes | None:
    if data is None:
        return None
    if data == STDIN or data.startswith("@"):
        body = content_of(data.removeprefix("@"), _LARGEST_BODY, said=f"-d {data}", hint=_FROM_FILE)
    else:
        body = within(data.encode("utf-8", "surrogateescape"), _LARGEST_BODY, "the body")
    _check_json(body)
    return body


def _check_json(body: bytes) -> None:
    """The body is JSON by contract: what is none is told before anything is sent."""
    import json

    try:
        json.loads(body)
    except RecursionError:
        raise UsageError("-d is JSON nested too deeply") from None
    except ValueError as error:
        raise UsageError(f"-d is not JSON: {error}", hint="""Quote it for the shell: -d '{"id":1}'""") from None


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise UsageError(f"-H '{text}' is not NAME:VALUE")
    return name.strip(), value.strip()
