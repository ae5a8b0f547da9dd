"""What stands in place of an empty list: a sentence and the next step."""

from __future__ import annotations

from collections.abc import Sequence

from meshctl.core.traces.listing import ShownTraces
from meshctl.errors import MeshError
from meshctl.model.status import LinkState, ServiceStatus
from meshctl.present.frame import link_to, runtime_link
from meshctl.present.trace_rows import ID_SHOWN
from meshctl.present.why import well_sentence

#: (sentence, next step or '').
Told = tuple[str, str]
AGAIN = "It is tried again by itself."
READING_TRACE = ("Reading the trace…", "")
READING_BOTH = ("Reading both traces…", "")


def empty_services(known: int, links: Sequence[LinkState], observed_at: float | None, wanted: str) -> Told:
    """Of a project of which ``known`` services are known; ``wanted`` is what is filtered by."""
    if wanted and known:
        return f"No service matches “{wanted}”.", "Esc clears the filter."
    runtime = runtime_link(links)
    if runtime is not None and not runtime.up and observed_at is None:
        return _no_runtime(runtime)
    if observed_at is None:
        return "Asking the container engine…", ""
    return "This project has no services.", "Add one under `services:` in meshctl.yaml."


def _no_runtime(runtime: LinkState) -> Told:
    return runtime.detail or "No container engine answers.", runtime.hint or AGAIN


def empty_why(services: Sequence[ServiceStatus], links: Sequence[LinkState], observed_at: float | None) -> Told:
    """Of the findings: either all is well, or it is not known how it goes."""
    if observed_at is None:
        return empty_services(len(services), links, observed_at, "")
    sentence = well_sentence(services)
    return f"{sentence[:1].upper()}{sentence[1:]}.", "Esc goes back."


def empty_logs(service: str, wanted: str, kept: int, trouble: str) -> Told:
    """``kept`` lines are there, none of which matches; ``service`` '' for all."""
    if trouble:
        return trouble, AGAIN
    if kept:
        return f"No line contains “{wanted}”.", "Esc clears the filter."
    sentence = f"{service} has not written a line yet." if service else "No service has written a line yet."
    return sentence, "Esc goes back to the services."


def no_traces(collector: str, links: Sequence[LinkState]) -> Told:
    """``collector`` is the service that the file names; it is looked for where the runtime answers."""
    if not collector:
        return "This project has no collector of traces.", "Name one in the file: `collector: SERVICE`."
    link, runtime = link_to(links, collector), runtime_link(links)
    if link is None and runtime is not None and not runtime.up:
        return _no_runtime(runtime)
    if link is None:
        return "Looking for the collector…", ""
    if not link.up:
        return f"The collector is lost: {link.detail}.", link.hint or AGAIN
    return "No traces yet.", "Send a request with `meshctl call`, or wait for one: it appears by itself."


def empty_traces(listing: ShownTraces, collector: str, links: Sequence[LinkState]) -> Told:
    """Of the list of traces, by what it is narrowed to."""
    if listing.searching:
        return "Searching…", ""
    if listing.trouble:
        return listing.trouble, "It is searched again with the next letter."
    if not listing.filter.empty:
        return f"No trace matches “{listing.text}”.", "Esc clears the filter."
    if listing.only_errors and listing.kept:
        return "No trace has errors.", "`!` shows all of them."
    return no_traces(collector, links)


def no_trace(trace_id: str, error: MeshError | None, hint: str) -> Told:
    """One trace that could not be had; ``hint`` is the next step if the error has none."""
    if error is not None:
        return str(error), error.hint or hint
    return f"The collector knows nothing of trace {trace_id[:ID_SHOWN]}.", hint


def empty_map(asked: bool, error: MeshError | None, window: str, none: Told) -> Told:
    """``window`` is what is looked back, '' when there are no traces to look back to: then ``none`` is said."""
    if error is not None:
        return str(error), error.hint or AGAIN
    if not asked:
        return "Reading who calls whom…", ""
    if window:
        return f"No calls between services in {window}.", "`d` looks further back."
    return none
