"""Every empty list has a sentence and, where there is one, the next step."""

from __future__ import annotations

import pytest

from meshctl.core.traces.listing import ShownTraces
from meshctl.errors import CollectorUnavailable
from meshctl.model.status import LinkState
from meshctl.present.empty import (
    AGAIN,
    Told,
    empty_logs,
    empty_map,
    empty_services,
    empty_traces,
    empty_why,
    no_trace,
    no_traces,
)
from tests.fakes.sessions import Shown
from tests.tui.desk import some
from tests.tui.states import NOW, healthy, no_engine

UP = (LinkState("docker", True, NOW), LinkState("collector", True, NOW))
LOST = (LinkState("docker", True, NOW), LinkState("collector", False, NOW, "connection refused"))
AWAY = CollectorUnavailable("No collector answers", hint="meshctl up starts it.")


def services(shown: Shown, wanted: str = "") -> Told:
    return empty_services(len(shown.services), shown.links, shown.observed_at, wanted)


def test_services() -> None:
    assert services(no_engine()) == (no_engine().links[0].detail, no_engine().links[0].hint)
    assert services(Shown())[0] == "Asking the container engine…"
    assert services(healthy(), "zzz") == ("No service matches “zzz”.", "Esc clears the filter.")
    assert services(Shown(observed_at=NOW))[0] == "This project has no services."


def test_why() -> None:
    """Nothing is wrong, or nothing is known yet."""
    shown = healthy()
    assert empty_why(shown.services, shown.links, NOW) == ("All 10 services are well.", "Esc goes back.")
    assert empty_why((), no_engine().links, None) == services(no_engine())
    assert empty_why((), (), None)[0] == "Asking the container engine…"


def test_logs() -> None:
    """Trouble before all, then the filter, then who has not written."""
    assert empty_logs("users", "x", 4, "docker is away") == ("docker is away", AGAIN)
    assert empty_logs("users", "x", 4, "")[0] == "No line contains “x”."
    assert empty_logs("users", "", 0, "")[0] == "users has not written a line yet."
    assert empty_logs("", "", 0, "")[0] == "No service has written a line yet."


@pytest.mark.parametrize(
    ("collector", "links", "sentence"),
    [
        ("", UP, "This project has no collector of traces."),
        ("collector", (), "Looking for the collector…"),
        ("collector", UP[:1], "Looking for the collector…"),
        ("collector", no_engine().links, no_engine().links[0].detail),
        ("collector", LOST, "The collector is lost: connection refused."),
        ("collector", UP, "No traces yet."),
    ],
)
def test_no_traces(collector: str, links: tuple[LinkState, ...], sentence: str) -> None:
    assert no_traces(collector, links)[0] == sentence


def test_a_list_of_traces_says_what_it_is_narrowed_to() -> None:
    """A search that goes on, one that failed, a filter, and at last that there are none."""
    listing = ShownTraces()
    listing.take(tuple(some()))
    listing.narrow("sku=tea", None)
    assert empty_traces(listing, "collector", UP)[0] == "Searching…"
    listing.answered(listing.filter, None, str(AWAY), 0.0)
    assert empty_traces(listing, "collector", UP)[0] == "No collector answers"
    listing.answered(listing.filter, (), "", 0.0)
    assert empty_traces(listing, "collector", UP) == ("No trace matches “sku=tea”.", "Esc clears the filter.")
    listing.narrow("", None)
    listing.only_errors = True
    assert empty_traces(listing, "collector", UP) == ("No trace has errors.", "`!` shows all of them.")
    listing.take(())
    assert empty_traces(listing, "collector", UP)[0] == "No traces yet."


def test_one_trace() -> None:
    assert no_trace("4bf92f3577b34da6a3ce929d0e0e4736", None, "Esc goes back.") == (
        "The collector knows nothing of trace 4bf92f3577b3.",
        "Esc goes back.",
    )
    assert no_trace("4bf9", AWAY, AGAIN) == ("No collector answers", "meshctl up starts it.")
    assert no_trace("4bf9", CollectorUnavailable("away"), AGAIN) == ("away", AGAIN)


def test_the_map() -> None:
    """An error before all; a window that can be widened; else why there are no traces at all."""
    none = ("No traces yet.", "")
    assert empty_map(False, None, "", none)[0] == "Reading who calls whom…"
    assert empty_map(True, AWAY, "the last minute", none) == ("No collector answers", "meshctl up starts it.")
    assert empty_map(True, None, "the last minute", none)[0] == "No calls between services in the last minute."
    assert empty_map(True, None, "", none) == none
