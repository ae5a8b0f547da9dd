"""The title line, the tab line and the sentences of empty panes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshctl.model.status import LinkState
from meshctl.present.frame import empty_services, stale_notice, tab_line, title_line
from meshctl.present.lines import plain
from tests.fakes.sessions import Shown
from tests.tui.states import NOW, engine_lost, healthy, no_engine


def title(shown: Shown, width: int = 120) -> str:
    return plain(title_line("shop", shown.links, NOW, width, observed=shown.observed_at is not None))


def stale(shown: Shown) -> str:
    return stale_notice(shown.links, shown.observed_at, NOW)


def empty(shown: Shown, wanted: str = "") -> tuple[str, str]:
    return empty_services(len(shown.services), shown.links, shown.observed_at, wanted)


def test_links_with_their_details() -> None:
    assert " meshctl · shop    ● docker 20.10   ● consul 8 passing" in title(healthy())


def test_a_lost_link_is_honest() -> None:
    assert "○ docker lost 12 s, retrying" in title(engine_lost())
    assert stale(engine_lost()) == "as of 12 s ago"


def test_an_engine_that_never_answered_was_not_lost() -> None:
    assert "○ engine not reached 3 s, retrying" in title(no_engine())
    assert stale(no_engine()) == ""


def test_a_build_suffix_is_left_out() -> None:
    state = replace(healthy(), links=(LinkState("docker", True, NOW, "20.10.24+dfsg1"),))
    assert "● docker 20.10.24 " in title(state)


@pytest.mark.parametrize("width", [30, 40, 60, 80, 200])
def test_the_title_fills_its_line(width: int) -> None:
    assert len(title(healthy(), width)) == width


def test_details_go_before_names() -> None:
    assert "● docker   ● consul" in title(healthy(), 55)


def test_tabs() -> None:
    line = plain(tab_line([("1", "Services"), ("2", "Logs")], "Services", "as of 2 s ago", 60))
    assert line.startswith(" 1 Services  2 Logs") and line.rstrip().endswith("as of 2 s ago")


def test_every_empty_list_has_a_sentence() -> None:
    assert empty(no_engine()) == (no_engine().links[0].detail, no_engine().links[0].hint)
    assert empty(Shown())[0] == "Asking the container engine…"
    assert empty(healthy(), "zzz") == ("No service matches “zzz”.", "Esc clears the filter.")
    assert empty(Shown(observed_at=NOW))[0] == "This project has no services."
