"""``meshctl traces``: list, show, compare, keep, and carry traces away and back."""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from meshctl.cli import diagnostics
from meshctl.cli.content import content_of
from meshctl.cli.context import config_of, output_of
from meshctl.cli.diagnostics import Exit
from meshctl.engine.trace_lookup import UNKNOWN, find, find_id, runs_before, unknown
from meshctl.errors import MeshError, UsageError
from meshctl.model.traces import TraceQuery

if TYPE_CHECKING:
    from meshctl.model.config import MeshConfig
    from meshctl.ports.telemetry import TraceReader, TraceSender

#: Cells of a line where there is no terminal.
_PIPED_WIDTH, _LEAST_WIDTH = 100, 40
#: Traces that one export is asked for.
_AT_ONCE = 200
_FILTERS = ("service", "operation", "error", "min_duration", "max_duration", "attribute", "since", "text")


class TraceWorld(Protocol):
    """What these commands ask of the world. Both raise CollectorUnavailable."""

    def open_traces(self, config: MeshConfig) -> TraceReader: ...
    def open_sender(self, config: MeshConfig) -> TraceSender: ...


def run(options: argparse.Namespace, world: TraceWorld) -> int:
    """One action; exit 1 for a trace nobody knows, 2 for words or a file that cannot be read, 3 without a collector."""
    return _ACTIONS[options.action](options, world)


def shown_width() -> int:
    """Cells of a line of the waterfall: the terminal's, ``COLUMNS``, or 100 in a pipe."""
    return max(_LEAST_WIDTH, shutil.get_terminal_size((_PIPED_WIDTH, 24)).columns)


def query_of(options: argparse.Namespace) -> TraceQuery:
    """The filters. Raises UsageError for an attribute that is not KEY=VALUE."""
    return TraceQuery(
        service=options.service or "",
        operation=options.operation or "",
        min_duration_ns=_ns(options.min_duration),
        max_duration_ns=_ns(options.max_duration),
        error=True if options.error else None,
        attributes=tuple(_attribute(text) for text in options.attribute or ()),
        since_ns=time.time_ns() - _ns(options.since) if options.since is not None else 0,
        text=options.text or "",
        limit=options.limit,
    )


def _ns(seconds: float | None) -> int:
    return round((seconds or 0.0) * 1e9)


def _attribute(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise UsageError(f"--attribute '{text}' is not KEY=VALUE", hint="For example http.response.status_code=503")
    return key, value


def _list(options: argparse.Namespace, world: TraceWorld) -> int:
    from meshctl.present.documents.traces import summaries_to_data
    from meshctl.present.trace_rows import trace_table

    if options.ids:
        word = options.ids[0]
        raise UsageError(f"traces does not know '{word}'", hint=f"meshctl traces show {word} shows one trace")
    query = query_of(options)
    found = world.open_traces(config_of(options)).traces(query)
    out = output_of(options)
    if options.json:
        out.data(summaries_to_data(found))
    elif found:
        out.lines(trace_table(found, shown_width()))
    else:
        filtered = any(getattr(options, name) for name in _FILTERS)
        out.text(
            "No trace matches. `meshctl traces` without filters lists all that are kept."
            if filtered
            else "No traces yet. `meshctl call SERVICE GET / --trace` sends a request and shows its trace."
        )
    return Exit.DONE


def _show(options: argparse.Namespace, world: TraceWorld) -> int:
    from meshctl.core.traces.waterfall import waterfall
    from meshctl.present.documents.traces import cost_to_data
    from meshctl.present.documents.waterfall import trace_to_data
    from meshctl.present.run_cost import cost_line, run_cost
    from meshctl.present.waterfall import printed

    if len(options.ids) > 1:
        raise UsageError("traces show takes one trace", hint="meshctl traces diff A B compares two")
    reader = world.open_traces(config_of(options))
    trace = find(reader, options.ids[0] if options.ids else "last")
    laid_out = waterfall(trace)
    before = runs_before(reader, laid_out)
    cost = None if before is None else run_cost(laid_out, before)
    out = output_of(options)
    if options.json:
        more = {} if cost is None else {"cost": cost_to_data(cost)}
        out.data({**trace_to_data(trace, laid_out), **more})
        return Exit.DONE
    out.lines(printed(laid_out, shown_width()))
    if cost is not None:
        out.lines([cost_line(cost)])
    return Exit.DONE


def _diff(options: argparse.Namespace, world: TraceWorld) -> int:
    from meshctl.core.traces.diff import diff
    from meshctl.core.traces.waterfall import waterfall
    from meshctl.present.documents.trace_diff import diff_to_data
    from meshctl.present.trace_diff import diff_lines

    if len(options.ids) != 2:
        raise UsageError("traces diff compares two traces", hint="meshctl traces diff BEFORE AFTER")
    reader = world.open_traces(config_of(options))
    before, after = (waterfall(find(reader, word)) for word in options.ids)
    found, out = diff(before, after), output_of(options)
    if options.json:
        out.data(diff_to_data(found))
    else:
        out.lines(diff_lines(found, shown_width()))
    return Exit.DONE


def _export(options: argparse.Namespace, world: TraceWorld) -> int:
    reader = world.open_traces(config_of(options))
    ids = [find_id(reader, word) for word in options.ids]
    if not ids:
        ids = [summary.trace_id for summary in reader.traces(query_of(options))]
    if not ids:
        raise MeshError("no trace matches: nothing to export", hint=UNKNOWN)
    document = _documents(reader, ids)
    if options.output in (None, "-"):
        output_of(options).json(document.decode("utf-8", "replace"))
        return Exit.DONE
    try:
        Path(options.output).write_bytes(document)
    except OSError as error:
        raise UsageError(f"-o {options.output}: {error.strerror}") from None
    if not options.quiet:
        diagnostics.note(f"{len(ids)} trace{'' if len(ids) == 1 else 's'} written to {options.output}")
    return Exit.DONE


def _documents(reader: TraceReader, ids: Sequence[str]) -> bytes:
    """What the collector gives, as it is; only what it cannot give at once is put together."""
    parts = [reader.export(ids[begin : begin + _AT_ONCE]) for begin in range(0, len(ids), _AT_ONCE)]
    if len(parts) == 1:
        return parts[0]
    resources = [resource for part in parts for resource in json.loads(part)["resourceSpans"]]
    return json.dumps({"resourceSpans": resources}).encode()


def _import(options: argparse.Namespace, world: TraceWorld) -> int:
    from meshctl.cli.otlp_file import LARGEST, documents_of

    if len(options.ids) != 1:
        raise UsageError("traces import takes one file", hint="meshctl traces import FILE, or - for standard input")
    name = options.ids[0]
    documents = documents_of(content_of(name, LARGEST), name)
    sender = world.open_sender(config_of(options))
    taken = sum(_sent(sender, document, name) for document in documents)
    out = output_of(options)
    if options.json:
        from meshctl.present.documents.traces import import_to_data

        out.data(import_to_data(name, taken))
    else:
        out.text(f"{taken:,} span{'' if taken == 1 else 's'} taken from {name}")
    return Exit.DONE


def _sent(sender: TraceSender, document: bytes, name: str) -> int:
    try:
        return sender.send_raw(document)
    except MeshError as error:
        if error.exit_code != Exit.BAD:
            raise
        raise UsageError(f"{name}: {error}", hint=error.hint) from None


def _pin(options: argparse.Namespace, world: TraceWorld) -> int:
    return _keep(options, world, pinned=True)


def _unpin(options: argparse.Namespace, world: TraceWorld) -> int:
    return _keep(options, world, pinned=False)


def _keep(options: argparse.Namespace, world: TraceWorld, *, pinned: bool) -> int:
    if not options.ids:
        raise UsageError(f"traces {options.action} needs a trace", hint=f"meshctl traces {options.action} ID")
    reader = world.open_traces(config_of(options))
    ids = [find_id(reader, word) for word in options.ids]
    for word, trace_id in zip(options.ids, ids, strict=True):
        if not reader.pin(trace_id, pinned):
            raise unknown(word)
    _tell_kept(options, ids, pinned=pinned)
    return Exit.DONE


def _tell_kept(options: argparse.Namespace, ids: Sequence[str], *, pinned: bool) -> None:
    out = output_of(options)
    if options.json:
        from meshctl.present.documents.traces import pins_to_data

        out.data(pins_to_data([(trace_id, pinned) for trace_id in ids]))
    elif not options.quiet:
        for trace_id in ids:
            out.text(f"{trace_id} is {'kept whatever the limits say' if pinned else 'kept as any other trace'}")


_ACTIONS: dict[str, Callable[[argparse.Namespace, TraceWorld], int]] = {
    "": _list,
    "show": _show,
    "diff": _diff,
    "export": _export,
    "import": _import,
    "pin": _pin,
    "unpin": _unpin,
}
