"""``meshctl traces``: list, show, compare, keep, and carry traces away and back."""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meshctl.blocking import run_blocking
from meshctl.cli import diagnostics
from meshctl.cli.content import content_of
from meshctl.cli.context import World, known_config, output_of
from meshctl.cli.diagnostics import Exit
from meshctl.engine.traces import UNKNOWN, no_trace
from meshctl.errors import MeshError, UsageError
from meshctl.model.traces import TraceQuery

if TYPE_CHECKING:
    from meshctl.engine.session import Traces

#: Cells of a line where there is no terminal.
_PIPED_WIDTH, _LEAST_WIDTH = 100, 40
#: Bytes of a file that is imported; the collector takes less in one document.
_LARGEST = 256 * 1024 * 1024
_IMPORTED = "`meshctl traces export -o FILE` writes such a file"
_FILTERS = ("service", "operation", "error", "min_duration", "max_duration", "attribute", "since", "text")


def run(options: argparse.Namespace, world: World) -> int:
    """One action; exit 2 for a trace nobody knows or a file that cannot be read, 3 without a collector."""
    return _ACTIONS[options.action](options, world)


def _traces(options: argparse.Namespace, world: World) -> Traces:
    return world.open_cold_session(known_config(options, world)).traces


def shown_width() -> int:
    """Cells of a line of the waterfall: the terminal's, ``COLUMNS``, or 100 in a pipe."""
    return max(_LEAST_WIDTH, shutil.get_terminal_size((_PIPED_WIDTH, 24)).columns)


def query_of(options: argparse.Namespace) -> TraceQuery:
    """The filters. Raises UsageError for what can match nothing."""
    if options.min_duration and options.max_duration and options.min_duration > options.max_duration:
        raise UsageError("no trace takes longer than --min-duration and no longer than --max-duration: swap them")
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


def _list(options: argparse.Namespace, world: World) -> int:
    from meshctl.present.documents.traces import summaries_to_data
    from meshctl.present.trace_rows import trace_table

    query = query_of(options)
    found = run_blocking(_traces(options, world).search(query))
    out = output_of(options)
    if options.json:
        out.data(summaries_to_data(found))
    elif found:
        out.lines(trace_table(found, shown_width()))
    else:
        out.text(
            "No trace matches. `meshctl traces` without filters lists all that are kept."
            if _filtered(options)
            else "No traces yet. `meshctl call SERVICE GET / --trace` sends a request and shows its trace."
        )
    return Exit.DONE


def _show(options: argparse.Namespace, world: World) -> int:
    from meshctl.core.traces.waterfall import waterfall
    from meshctl.present.documents.traces import cost_to_data
    from meshctl.present.documents.waterfall import trace_to_data
    from meshctl.present.run_cost import cost_line, run_cost
    from meshctl.present.waterfall import printed

    traces = _traces(options, world)
    trace = run_blocking(traces.find(options.id))
    laid_out = waterfall(trace)
    before = run_blocking(traces.runs_before(laid_out))
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


def _diff(options: argparse.Namespace, world: World) -> int:
    from meshctl.core.traces.diff import diff
    from meshctl.core.traces.waterfall import waterfall
    from meshctl.present.documents.trace_diff import diff_to_data
    from meshctl.present.trace_diff import diff_lines

    traces = _traces(options, world)
    before, after = (waterfall(run_blocking(traces.find(word))) for word in (options.before, options.after))
    found, out = diff(before, after), output_of(options)
    if options.json:
        out.data(diff_to_data(found))
    else:
        out.lines(diff_lines(found, shown_width()))
    return Exit.DONE


def _filtered(options: argparse.Namespace) -> bool:
    return any(getattr(options, name) for name in _FILTERS)


def _export(options: argparse.Namespace, world: World) -> int:
    if options.ids and _filtered(options):
        raise UsageError("traces export takes the traces that are named, or those that match", hint="Leave one out.")
    traces = _traces(options, world)
    ids = [run_blocking(traces.find_id(word)) for word in options.ids]
    if not ids:
        ids = [summary.trace_id for summary in run_blocking(traces.search(query_of(options)))]
    if not ids:
        raise MeshError("no trace matches: nothing to export", hint=UNKNOWN)
    document = run_blocking(traces.export(ids))
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


def _import(options: argparse.Namespace, world: World) -> int:
    name = options.document
    documents = documents_of(content_of(name, _LARGEST), name)
    traces = _traces(options, world)
    taken = sum(_taken(traces, document, name) for document in documents)
    out = output_of(options)
    if options.json:
        from meshctl.present.documents.traces import import_to_data

        out.data(import_to_data(name, taken))
    else:
        out.text(f"{taken:,} span{'' if taken == 1 else 's'} taken from {name}")
    return Exit.DONE


def documents_of(content: bytes, name: str) -> list[bytes]:
    """One document, or one a line as the OpenTelemetry collector's file exporter writes them, as they are.

    Raises UsageError with the reason when one of them is none.
    """
    try:
        _check_document(json.loads(content), name)
        return [content]
    except RecursionError:
        raise UsageError(f"{name} is JSON nested too deeply") from None
    except ValueError as error:
        lines = [line for line in content.splitlines() if line.strip()]
        if len(lines) < 2:
            raise UsageError(f"{name} is not JSON: {error}", hint=_IMPORTED) from None
    try:
        for line in lines:
            _check_document(json.loads(line), name)
    except (ValueError, RecursionError):
        raise UsageError(f"{name} is neither JSON nor one JSON document a line", hint=_IMPORTED) from None
    return lines


def _check_document(document: Any, name: str) -> None:
    resources = document.get("resourceSpans") if isinstance(document, dict) else None
    if not isinstance(resources, list) or not all(isinstance(resource, dict) for resource in resources):
        raise UsageError(f"{name} is no OTLP JSON: it has no list 'resourceSpans'", hint=_IMPORTED)


def _taken(traces: Traces, document: bytes, name: str) -> int:
    try:
        return run_blocking(traces.import_document(document))
    except MeshError as error:
        if error.exit_code != Exit.BAD:
            raise
        raise UsageError(f"{name}: {error}", hint=error.hint) from None


def _pin(options: argparse.Namespace, world: World) -> int:
    return _keep(options, world, pinned=True)


def _unpin(options: argparse.Namespace, world: World) -> int:
    return _keep(options, world, pinned=False)


def _keep(options: argparse.Namespace, world: World, *, pinned: bool) -> int:
    traces = _traces(options, world)
    ids = [run_blocking(traces.find_id(word)) for word in options.ids]
    for word, trace_id in zip(options.ids, ids, strict=True):
        if not run_blocking(traces.pin(trace_id, pinned)):
            raise no_trace(word)
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


_ACTIONS: dict[str, Callable[[argparse.Namespace, World], int]] = {
    "list": _list,
    "show": _show,
    "diff": _diff,
    "export": _export,
    "import": _import,
    "pin": _pin,
    "unpin": _unpin,
}
