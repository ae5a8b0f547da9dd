"""The newest traces in order, while changes come in from all sides."""

from __future__ import annotations

from dataclasses import replace

from meshctl.core.traces.listing import TraceListing
from meshctl.model.traces import TraceChanges, TraceSummary
from tests.spans import summary


def ids(listing: TraceListing) -> list[int]:
    return [int(row.trace_id, 16) for row in listing.rows]


def of(number: int, revision: int = 0) -> TraceSummary:
    """Later numbers start later."""
    return summary(number, at=float(number), revision=revision)


def test_changes_are_put_where_they_began_newest_first() -> None:
    listing = TraceListing(10)
    listing.replace([of(5), of(3)])
    listing.apply(TraceChanges(changed=(of(4), of(6), of(1))))
    assert ids(listing) == [6, 5, 4, 3, 1]


def test_a_trace_that_grows_keeps_one_row_and_moves_when_its_root_turns_out_to_be_earlier() -> None:
    listing = TraceListing(10)
    listing.replace([of(5), of(3), of(1)])
    listing.apply(TraceChanges(changed=(replace(of(5), spans=9, start_ns=of(2).start_ns),)))
    assert ids(listing) == [3, 5, 1]
    assert listing.rows[1].spans == 9


def test_what_the_collector_lets_go_goes() -> None:
    listing = TraceListing(10)
    listing.replace([of(3), of(2), of(1)])
    listing.apply(TraceChanges(removed=(of(2).trace_id, of(9).trace_id)))
    assert ids(listing) == [3, 1]


def test_no_more_are_kept_than_was_asked_and_the_oldest_go() -> None:
    listing = TraceListing(3)
    listing.replace([of(4), of(3), of(2), of(1)])
    assert ids(listing) == [4, 3, 2]
    listing.apply(TraceChanges(changed=(of(5), of(1))))
    assert ids(listing) == [5, 4, 3]
    listing.apply(TraceChanges(removed=(of(5).trace_id,)))
    assert ids(listing) == [4, 3]


def test_a_list_read_anew_drops_what_it_lacks_and_loses_no_later_change() -> None:
    listing = TraceListing(10)
    listing.replace([of(2), of(1)])
    listing.apply(TraceChanges(changed=(of(2, revision=7),)))
    listing.replace([of(3), of(2, revision=6)])
    assert ids(listing) == [3, 2]
    assert listing.rows[1].revision == 7


def test_without_a_change_the_rows_are_the_very_same() -> None:
    listing = TraceListing(10)
    listing.replace([of(1)])
    before = listing.rows
    listing.apply(TraceChanges())
    assert listing.rows is before
