"""The title line, the tab line, and how old the figures are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshctl.model.status import LinkState
from meshctl.present.frame import is_reached, link_to, stale_notice, stale_traces, tab_line, title_line
from meshctl.present.lines import plain
from tests.fakes.sessions import Shown
from tests.tui.states import NOW, engine_lost, healthy, no_engine


def title(shown: Shown, width: int = 120) -> str:
    return plain(title_line("shop", shown.links, NOW, width, observed=shown.observed_at is not None))


def stale(shown: Shown) -> str:
    return stale_notice(shown.links, shown.observed_at, NOW)


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


def test_traces_are_as_old_as_the_collectors_last_word() -> None:
    """Where it was never looked for, the runtime's loss counts."""
    lost = (*healthy().links, LinkState("collector", False, NOW - 7, "connection refused"))
    assert stale_traces(lost, "collector", NOW - 1, NOW) == "as of 7 s ago"
    again = (*engine_lost().links, LinkState("collector", True, NOW - 7))
    assert stale_traces(again, "collector", NOW - 1, NOW) == ""
    assert stale_traces(engine_lost().links, "collector", engine_lost().observed_at, NOW) == "as of 12 s ago"


def test_the_runtime_is_reached_until_it_is_known_not_to_be() -> None:
    assert is_reached(())
    assert is_reached(healthy().links)
    assert not is_reached(engine_lost().links)
    assert link_to(healthy().links, "consul") == healthy().links[1]
    assert link_to(healthy().links, "collector") is None
