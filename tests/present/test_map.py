"""The service map: where services stand, how calls lead from one to another, and the table of edges."""

from __future__ import annotations

from itertools import product

import pytest

from meshctl.model.status import Health
from meshctl.model.traces import ServiceEdge
from meshctl.present.lines import ACCENT, BAD, MUTED, Segment, plain
from meshctl.present.map import ServiceMap, service_map
from meshctl.present.map_graph import layered
from meshctl.present.map_table import edge_lines, label_text, rate_text

MS = 1_000_000
WELL = dict.fromkeys(("orders", "users", "inventory", "notifications", "worker"), Health.HEALTHY)


def edge(caller: str, target: str, rate: float = 1.0, errors: int = 0, kind: str = "call") -> ServiceEdge:
    calls = max(1, round(rate * 60))
    return ServiceEdge(caller, target, calls, errors, rate, errors / calls, 5 * MS, 12 * MS, 30 * MS, kind)


SHOP = (
    edge("meshctl", "orders", 12.3),
    edge("orders", "users", 12.3),
    edge("orders", "inventory", 12.3, errors=30),
    edge("orders", "postgres", 40.0),
    edge("users", "postgres", 12.0),
    edge("inventory", "postgres", 12.0),
    edge("orders", "notifications", 12.0, kind="message"),
    edge("notifications", "worker", 0.4, kind="message"),
)


def drawn(edges: tuple[ServiceEdge, ...] = SHOP, width: int = 180, height: int = 30, selected: str = "") -> ServiceMap:
    found = service_map(WELL, edges, width, height, selected)
    assert found is not None
    return found


def text(found: ServiceMap) -> list[str]:
    return [plain(line) for line in found.lines]


def spans_with(found: ServiceMap, part: str) -> list[Segment]:
    return [span for line in found.lines for span in line if part in span.text]


def test_services_stand_in_the_direction_of_the_calls() -> None:
    """A caller stands to the left of what it calls, as far as its longest way."""
    layers = drawn().layers
    assert layers[0] == ("meshctl",)
    assert layers[1] == ("orders",)
    assert set(layers[2]) == {"users", "inventory", "notifications"}
    assert set(layers[3]) == {"postgres", "worker"}


def test_one_call_is_a_line_with_its_figures() -> None:
    found = service_map({"a": Health.HEALTHY, "b": Health.DEGRADED}, (edge("a", "b", 2.0),), 60, 10)
    assert found is not None
    assert [line.strip() for line in text(found)] == [
        "╭─────╮                         ╭─────╮",
        "│ ● a ├── 2.0/s · 0% · 12.0 ms ▶│ ▲ b │",
        "╰─────╯                         ╰─────╯",
    ]


def test_every_line_of_the_map_leads_somewhere() -> None:
    """No line ends in the open: every joint meets a joint, a box, an arrow or words."""
    joints = {"─": "lr", "│": "ud", "╭": "rd", "╮": "ld", "╰": "ru", "╯": "lu"}
    joints |= {"├": "rud", "┤": "lud", "┬": "lrd", "┴": "lru", "┼": "lrud", "╌": "lr", "┆": "ud"}
    lines = text(drawn(width=200, height=40))
    width = max(map(len, lines))
    grid = [line.ljust(width) for line in lines]
    back, step = {"l": "r", "r": "l", "u": "d", "d": "u"}, {"l": (-1, 0), "r": (1, 0), "u": (0, -1), "d": (0, 1)}
    for y, x in product(range(len(grid)), range(width)):
        for way in joints.get(grid[y][x], ""):
            across, down = step[way]
            assert 0 <= y + down < len(grid), (x, y)
            beside = grid[y + down][x + across]
            if beside in joints and grid[y][x] not in "│" and beside not in "│":
                assert back[way] in joints[beside], (x, y, grid[y][x], beside)
            elif way in "ud":
                assert beside in joints, (x, y, grid[y][x], beside)


def test_errors_are_red_and_in_words() -> None:
    """Nothing else is."""
    found = drawn()
    assert [span.tone for span in spans_with(found, "4.1% errors")] == [BAD]
    assert all(span.tone != BAD for span in spans_with(found, "40.0/s"))


def test_who_makes_others_fail_is_red() -> None:
    """A service that is stopped is no dimmer than those that fail through it."""
    stopped = {**WELL, "users": Health.STOPPED}
    for causes, tone in ((frozenset(), MUTED), (frozenset({"users"}), BAD)):
        found = service_map(stopped, SHOP, 180, 30, causes=causes)
        assert found is not None
        assert {span.tone for span in spans_with(found, "○")} == {tone}


def test_messages_are_dashed() -> None:
    lines = text(drawn())
    assert any("╌" in line for line in lines)
    assert not any("╌" in line for line in text(drawn(tuple(e for e in SHOP if e.kind == "call"))))


def test_the_selected_service_and_its_edges_stand_out() -> None:
    found = drawn(selected="users")
    box = found.boxes["users"]
    corner = next(span for span in found.lines[box.y] if span.text.startswith("╭") and span.tone == ACCENT)
    assert corner.tone == ACCENT
    tones = {span.tone for line in drawn().lines for span in line if set(span.text) <= set("─╭╮╰╯│├ ")}
    assert MUTED in tones
    assert ACCENT not in tones


def test_boxes_are_where_the_names_are() -> None:
    """So that a click finds the service, and none overlaps another."""
    found = drawn()
    lines = text(found)
    for name, box in found.boxes.items():
        assert name in lines[box.y + 1][box.x : box.x + box.width]
    for (one, a), (other, b) in product(found.boxes.items(), repeat=2):
        if one < other:
            apart = a.x + a.width <= b.x or b.x + b.width <= a.x or a.y + a.height <= b.y or b.y + b.height <= a.y
            assert apart, (one, other)


@pytest.mark.parametrize(("width", "height"), [(200, 60), (180, 30), (150, 24), (120, 20), (104, 16)])
def test_a_smaller_map_says_less_but_stays_within_its_room(width: int, height: int) -> None:
    found = drawn(width=width, height=height)
    assert len(found.lines) <= height
    assert all(len(line) <= width for line in text(found))
    assert set(found.boxes) >= {*WELL, "postgres", "meshctl"}
    assert any("errors" in line for line in text(found))


def test_without_room_there_is_no_map() -> None:
    assert service_map(WELL, SHOP, 60, 30) is None
    assert service_map(WELL, SHOP, 180, 3) is None
    assert service_map({}, (), 180, 40) is None


def test_circles_are_told_in_the_box() -> None:
    """A call back to where one came from, and one to itself."""
    found = drawn((*SHOP, edge("worker", "orders", 0.02), edge("worker", "worker", 0.1)))
    lines = "\n".join(text(found))
    assert "↺ orders 1/min" in lines
    assert "↺ worker 6/min" in lines


def test_services_without_calls_are_shown_below() -> None:
    found = service_map({"echo": Health.STOPPED, "a": Health.HEALTHY, "b": Health.HEALTHY}, (edge("a", "b"),), 90, 20)
    assert found is not None
    assert found.boxes["echo"].y > found.boxes["a"].y
    assert "○ echo" in "\n".join(text(found))


@pytest.mark.parametrize("seed", range(40))
def test_any_graph_is_drawn_or_refused(seed: int) -> None:
    """Whatever calls whatever: within its room, each service once, each edge with its own row at its target."""
    from random import Random

    random = Random(seed)
    names = [f"service-{n}" for n in range(random.randrange(1, 9))]
    pairs = {(random.choice(names), random.choice(names)) for _ in range(random.randrange(0, 16))}
    edges = tuple(edge(*pair, random.random() * 20, random.randrange(2)) for pair in sorted(pairs))
    health: dict[str, Health | None] = dict.fromkeys(names)
    found = service_map(health, edges, 260, 60)
    if found is None:
        return
    assert sorted(found.boxes) == sorted(names)
    assert len(found.lines) <= 60
    assert all(len(line) <= 260 for line in text(found))
    arrows = sum(line.count("▶") for line in text(found))
    loops = sum(line.count("↺") for line in text(found))
    assert arrows + loops == len(edges)


def test_an_edge_past_a_layer_has_its_place_in_it() -> None:
    """So that no line runs through a box."""
    layers = layered(["a", "b", "c"], (edge("a", "b"), edge("b", "c"), edge("a", "c")))
    assert [item.name for item in layers[0]] == ["a"]
    assert any(not item.name for item in layers[1])


@pytest.mark.parametrize(
    ("rate", "words"),
    [(0.0, "0/s"), (0.0003, "1/h"), (0.02, "1/min"), (0.4, "24/min"), (1.0, "1.0/s"), (1234.4, "1,234/s")],
)
def test_rates_have_the_unit_that_fits(rate: float, words: str) -> None:
    assert rate_text(rate) == words


def test_labels_say_less_with_less_room_but_never_hide_errors() -> None:
    well, ill = edge("a", "b", 2.0), edge("a", "b", 2.0, errors=6)
    assert [label_text(well, detail) for detail in (3, 2, 1, 0)] == ["2.0/s · 0% · 12.0 ms", "2.0/s", "2.0/s", ""]
    assert label_text(ill, 3) == "2.0/s · 5% errors · 12.0 ms"
    assert label_text(ill, 1) == "5% errors"


def test_the_table_has_every_edge_in_an_order_that_stays() -> None:
    lines = [plain(line) for line in edge_lines(SHOP, 100, "users")]
    assert lines[0].split() == ["caller", "target", "rate", "errors", "p50", "p95", "p99"]
    assert lines[1].split() == ["inventory", "→", "postgres", "12.0/s", "none", "5.0", "ms", "12.0", "ms", "30.0", "ms"]
    assert [line[0] for line in lines[1:]] == [
        "▸" if "users" in (e.caller, e.target) else " " for e in sorted(SHOP, key=lambda e: (e.caller, e.target))
    ]
    assert any("⇢" in line for line in lines)
    assert any("✖ 30 (4.1%)" in line for line in lines)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_table_fits_and_cuts_names_with_an_ellipsis(width: int) -> None:
    long = (edge("a-service-with-a-very-long-name-indeed", "another-service-with-a-long-name"),)
    assert all(len(plain(line).rstrip()) <= width for line in edge_lines((*SHOP, *long), width))


def test_columns_of_the_table_do_not_move_with_the_figures() -> None:
    """Right-aligned in fixed room."""
    before = [plain(line) for line in edge_lines((edge("a", "b", 0.5),), 90)]
    later = [plain(line) for line in edge_lines((edge("a", "b", 120.0, errors=7),), 90)]
    assert before[0] == later[0]
    assert before[1].index("5.0 ms") == later[1].index("5.0 ms")
