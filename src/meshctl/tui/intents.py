"""Where to go, and with what: frozen values that screens and actions hand to the host."""

from __future__ import annotations

from dataclasses import dataclass

SERVICES = "services"
TRACES = "traces"
MAP = "map"
LOGS = "logs"
#: (key, mode, title) of the tabs that exist.
TABS = (("1", SERVICES, "Services"), ("2", TRACES, "Traces"), ("3", MAP, "Map"), ("6", LOGS, "Logs"))


@dataclass(frozen=True, slots=True)
class ShowTab:
    """A tab as it was left, or its first screen when it is in front already. The way one came is forgotten."""

    mode: str


@dataclass(frozen=True, slots=True)
class ShowService:
    """The services screen with the cursor on that service."""

    name: str


@dataclass(frozen=True, slots=True)
class ShowTraces:
    """The list of traces with that filter."""

    filter: str


@dataclass(frozen=True, slots=True)
class ShowLogs:
    """The lines of one service, '' for all."""

    service: str = ""


@dataclass(frozen=True, slots=True)
class ShowWhy:
    """What is wrong, over the screen in front."""


@dataclass(frozen=True, slots=True)
class OpenTrace:
    """Its waterfall over the screen in front, with the cursor on ``span_id`` ('': the first)."""

    trace_id: str
    span_id: str = ""


@dataclass(frozen=True, slots=True)
class ChooseOther:
    """The list of traces, to choose what to compare with this one."""

    trace_id: str


@dataclass(frozen=True, slots=True)
class Compare:
    """The comparison, in place of the list that the other one was chosen from."""

    trace_id: str
    other_id: str


@dataclass(frozen=True, slots=True)
class Back:
    """To the screen below, or to where one jumped from, else to the tab ``otherwise``."""

    otherwise: str = ""


Intent = ShowTab | ShowService | ShowTraces | ShowLogs | ShowWhy | OpenTrace | ChooseOther | Compare | Back
