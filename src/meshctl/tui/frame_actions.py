"""What can be done on every screen: find, ask, go, see what is wrong, and mend it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from meshctl.engine.session import Ability, Lifecycle
from meshctl.model.findings import MendKind
from meshctl.ports.world import ProgressSink
from meshctl.present.findings import finding_cause
from meshctl.present.frame import is_reached
from meshctl.present.mends import mend_text
from meshctl.tui.actions import Action, Context, Question
from meshctl.tui.commands import Command, bring_up
from meshctl.tui.intents import TABS, Intent, ShowLogs, ShowTab, ShowWhy

MEND_KEY = "M"
_HELP = "do what mends it, or copy what does"
_WHY_HELP = "what is wrong, and what mends it"
#: What it takes to mend by a command, and what is told of the service meanwhile.
_COMMANDS = {
    MendKind.START: (Ability.START, "starting"),
    MendKind.UNPAUSE: (Ability.UNPAUSE, "resuming"),
    MendKind.RESTART: (Ability.RESTART, "restarting"),
    MendKind.UP: (Ability.UP, "starting"),
}


def _go(intent: Intent, context: Context) -> None:
    context.host.go(intent)


def _show_why(c: Context) -> None:
    c.host.go(ShowWhy())


def _mended_by(kind: MendKind) -> Callable[[Context], bool]:
    def works(c: Context) -> bool:
        known = c.finding is not None and c.finding.mend is not None and c.finding.mend.kind is kind
        return known and is_reached(c.host.session.state.links.value)

    return works


def _ask(c: Context) -> Question | None:
    """What is busy is not asked about: it is told so."""
    assert c.finding is not None and c.finding.mend is not None
    busy = c.finding.mend.service in c.host.pending
    return None if busy else Question(f"{finding_cause(c.finding)}: {mend_text(c.finding)}?")


def _mend(c: Context) -> None:
    assert c.finding is not None and c.finding.mend is not None
    kind, service = c.finding.mend.kind, c.finding.mend.service

    async def act(lifecycle: Lifecycle, sink: ProgressSink) -> str:
        if kind is MendKind.UP:
            return await bring_up((service,), lifecycle, sink)
        verbs = {MendKind.START: lifecycle.start, MendKind.UNPAUSE: lifecycle.unpause}
        await verbs.get(kind, lifecycle.restart)((service,), sink)
        return f"{service}: {mend_text(finding)} is done"

    finding = c.finding
    c.host.carry_out(Command(_COMMANDS[kind][1], act, service))


def _by_hand(c: Context) -> bool:
    return c.finding is not None and c.finding.mend is not None and c.finding.mend.kind not in _COMMANDS


def _tell(c: Context) -> None:
    assert c.finding is not None and c.finding.mend is not None
    if c.finding.mend.kind is MendKind.LOGS:
        c.host.go(ShowLogs(c.finding.mend.service))
        return
    told = mend_text(c.finding)
    c.host.copy_to_clipboard(told)
    c.host.notify(told, title="It is copied.", timeout=12)


#: The key that mends: by a command it asks first.
MEND: tuple[Action[Context], ...] = (
    *(
        Action(f"mend: {kind}", MEND_KEY, "mend", _HELP, _mend, _mended_by(kind), _ask, needs=ability)
        for kind, (ability, _) in _COMMANDS.items()
    ),
    Action("mend by hand", MEND_KEY, "mend", _HELP, _tell, _by_hand),
)
#: What every screen ends its actions with, but for the one that it leads to.
_COMMON: tuple[Action[Context], ...] = (
    Action("palette", "colon ctrl+p", "command", "search every command", lambda c: c.host.open_palette()),
    Action("help", "question_mark", "help", "list the keys of this screen", lambda c: c.screen.show_help()),
    Action("back", "escape", "back", "go back", lambda c: c.screen.go_back(), lambda c: c.can_go_back),
    *(Action(f"{mode} screen", key, "", f"{mode} screen", partial(_go, ShowTab(mode))) for key, mode, _ in TABS),
    Action("theme", "", "", "switch between dark and light", lambda c: c.host.switch_theme()),
    Action("quit", "q", "", "leave; what runs keeps running", lambda c: c.host.leave()),
)
_WHY: tuple[Action[Context], ...] = (
    Action("why", "w", "why", _WHY_HELP, _show_why, lambda c: c.finding is not None),
    Action("what is wrong", "w", "", _WHY_HELP, _show_why, lambda c: c.finding is None, meaning="why"),
)
WHY_FRAME = (*MEND, *_COMMON)
FRAME = (*MEND, *_WHY, *_COMMON)
