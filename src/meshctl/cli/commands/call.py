"""``meshctl call``: loads no client library, because a call should cost what a call costs."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from meshctl.cli import diagnostics
from meshctl.cli.content import STDIN, content_of, within
from meshctl.cli.context import World, config_of, output_of
from meshctl.cli.diagnostics import Exit
from meshctl.cli.output import Output
from meshctl.errors import CallError, UsageError
from meshctl.model.calls import CallReply, CallRequest

if TYPE_CHECKING:
    from meshctl.cli.traced_call import Tracer
    from meshctl.engine.call import Directory, Send
    from meshctl.model.calls import Endpoint
    from meshctl.model.config import MeshConfig

#: The status of a request among many that got none; its body says why.
NO_ANSWER = "no answer"
_LARGEST_BODY = 64 * 1024 * 1024
_FROM_FILE = "-d @FILE reads the body from a file."


def run(options: argparse.Namespace, world: World) -> int:
    """Send, print the body, tell the status on stderr; exit 1 for HTTP ≥ 400 or a gRPC status that is not OK."""
    request = request_of(options)
    config = config_of(options)
    directory = world.open_directory(config)
    many = options.repeat > 1 or options.instance == "all"
    send = world.sender_for(request)
    tracer = _tracer(options, world, config) if options.trace else None
    if tracer is not None:
        directory, send = tracer.watching(directory), tracer.sending(send)
    out = output_of(options)
    replies: list[CallReply] = []
    documents: list[dict[str, Any]] = []
    try:
        for reply in _replies(directory, _tolerant(send) if many else send, request, options.repeat):
            replies.append(reply)
            if options.json:
                documents.append(_document(reply, tracer))
                continue
            _show(out, reply, quiet=options.quiet, alone=not (many or options.trace))
            if tracer is not None:
                tracer.tell(reply, out)
    except CallError:
        if tracer is not None and not options.json:
            tracer.tell_failure(request.service, out)
        raise
    finally:
        if options.json and replies:
            out.data(documents if many else documents[0])
    if len(replies) > 1 and not (options.json or options.quiet):
        _summary(replies)
    return Exit.DONE if all(reply.ok for reply in replies) else Exit.BAD


def _document(reply: CallReply, tracer: Tracer | None) -> dict[str, Any]:
    from meshctl.present.documents.calls import reply_to_data

    return reply_to_data(reply) | (tracer.tell(reply, None) if tracer is not None else {})


def _tracer(options: argparse.Namespace, world: World, config: MeshConfig) -> Tracer:
    from meshctl.cli.traced_call import Tracer

    return Tracer(world, config, quiet=options.quiet)


def _replies(directory: Directory, send: Send, request: CallRequest, rounds: int) -> Iterator[CallReply]:
    """One by one, resolved anew each time."""
    from meshctl.engine.call import call_every

    for _ in range(rounds):
        yield from call_every(directory, send, request)


def _tolerant(send: Send) -> Send:
    """One of many requests that gets no answer is a bad reply, and the others are still sent."""

    def attempt(endpoint: Endpoint, request: CallRequest) -> CallReply:
        began = time.perf_counter()
        try:
            return send(endpoint, request)
        except CallError as error:
            elapsed_ms = (time.perf_counter() - began) * 1000
            protocol = "http" if request.method else "grpc"
            return CallReply(
                endpoint.service, endpoint.instance, protocol, NO_ANSWER, False, elapsed_ms, body=str(error)
            )

    return attempt


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
        instance=options.instance,
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


def _show(out: Output, reply: CallReply, *, quiet: bool, alone: bool) -> None:
    """A terminal gets the body laid out; a pipe gets its bytes, those of one ``alone`` to the last."""
    if not quiet:
        status = str(reply.status)
        if isinstance(reply.status, int) and reply.status in set(HTTPStatus):
            status = f"{reply.status} {HTTPStatus(reply.status).phrase}"
        diagnostics.note(f"{status} · {reply.instance} · {reply.elapsed_ms:.0f} ms")
    if reply.status == NO_ANSWER:
        diagnostics.note(f"    {reply.body}")
    elif reply.content and not out.on_terminal:
        out.content(reply.content if alone or reply.content.endswith(b"\n") else reply.content + b"\n")
    elif isinstance(reply.body, str):
        if reply.body:
            out.text(reply.body.rstrip("\n"))
    elif reply.body is not None:
        out.data(reply.body)


def _summary(replies: list[CallReply]) -> None:
    counts = Counter(reply.instance for reply in replies)
    failed = sum(not reply.ok for reply in replies)
    shares = ", ".join(f"{instance} {count}" for instance, count in sorted(counts.items()))
    diagnostics.note(f"{len(replies)} calls, {failed} failed: {shares}")
