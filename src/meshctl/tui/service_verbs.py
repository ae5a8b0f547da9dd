"""What can be done to one service, whichever screen is in front."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from meshctl.core.plan.volumes import refusal
from meshctl.engine.session import Ability, Lifecycle
from meshctl.errors import UsageError
from meshctl.model.containers import ContainerState
from meshctl.model.status import ServiceStatus
from meshctl.ports.world import ProgressSink
from meshctl.present.frame import is_reached
from meshctl.tui.actions import Action, Context, Page, Question
from meshctl.tui.commands import Command, bring_up
from meshctl.tui.host import Host
from meshctl.tui.intents import ShowLogs, ShowTraces

_Verb = Callable[[Lifecycle, "ServiceContext", ProgressSink], Awaitable[str | None]]
_PAUSE = "pause/unpause"
_AT_WORK = {ContainerState.RUNNING, ContainerState.RESTARTING, ContainerState.PAUSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceContext(Context):
    """``doing`` is what is being done to it already; nothing can be done while the runtime is not ``reached``."""

    service: ServiceStatus | None = None
    doing: str = ""
    reached: bool = True

    @property
    def name(self) -> str:
        return self.service.service if self.service is not None else ""

    @property
    def instances(self) -> int:
        return len(self.service.instances) if self.service is not None else 0

    @property
    def states(self) -> set[ContainerState]:
        return {instance.state for instance in self.service.instances} if self.service is not None else set()


def service_named(services: Iterable[ServiceStatus], name: str) -> ServiceStatus | None:
    return next((status for status in services if status.service == name), None)


def service_context(host: Host, screen: Page, name: str) -> ServiceContext:
    state = host.session.state
    return ServiceContext(
        host=host,
        screen=screen,
        finding=None,
        service=service_named(state.services.value.services, name),
        doing=host.pending.get(name, ""),
        reached=is_reached(state.links.value),
    )


def has_service(c: ServiceContext) -> bool:
    return c.service is not None


def _runs(c: ServiceContext) -> bool:
    return c.reached and bool(c.states & _AT_WORK)


def _rests(c: ServiceContext) -> bool:
    return c.reached and c.service is not None and not c.states & _AT_WORK


def _can_pause(c: ServiceContext) -> bool:
    return c.reached and ContainerState.RUNNING in c.states


def _can_resume(c: ServiceContext) -> bool:
    return c.reached and ContainerState.PAUSED in c.states and ContainerState.RUNNING not in c.states


def _asks(verb: str) -> Callable[[ServiceContext], Question | None]:
    """What is busy is not asked about: it is told so."""

    def ask(c: ServiceContext) -> Question | None:
        many = f" ({c.instances} instances)" if c.instances > 1 else ""
        return None if c.doing else Question(f"{verb} {c.name}{many}?")

    return ask


def _ask_number(c: ServiceContext) -> Question | None:
    return None if c.doing else Question(f"How many instances of {c.name}?", c.instances)


def _acting(doing: str, done: str, verb: _Verb) -> Callable[[ServiceContext], None]:
    """Runs ``verb`` on the service; ``done`` is what is said of it afterwards."""

    def run(c: ServiceContext) -> None:
        async def act(lifecycle: Lifecycle, sink: ProgressSink) -> str:
            return await verb(lifecycle, c, sink) or f"{c.name} {done}"

        if c.doing:
            c.host.notify(f"{c.name} is {c.doing} already", timeout=3)
        else:
            c.host.carry_out(Command(doing, act, c.name))

    return run


async def _start_or_create(lifecycle: Lifecycle, c: ServiceContext, sink: ProgressSink) -> str:
    if not c.instances:
        return await bring_up((c.name,), lifecycle, sink)
    await lifecycle.start((c.name,), sink)
    return ""


def _confirm_sharing(c: ServiceContext) -> Question | None:
    """What would be refused elsewhere is done here by who reads why and says yes."""
    refused = _refusal(c)
    if refused is None:
        return None
    return Question(f"Let {c.number} instances of {c.name} share it?", reason=str(refused))


def _refusal(c: ServiceContext) -> UsageError | None:
    spec = c.host.session.config.services.get(c.name)
    return refusal(spec, c.number) if spec is not None else None


async def _set_number(lifecycle: Lifecycle, c: ServiceContext, sink: ProgressSink) -> str:
    await lifecycle.scale({c.name: c.number}, sink, share_volumes=_refusal(c) is not None)
    return f"{c.name} scaled {c.instances} → {c.number}"


async def _restart_it(lifecycle: Lifecycle, c: ServiceContext, sink: ProgressSink) -> str:
    await lifecycle.restart((c.name,), sink)
    return ""


_stop = _acting("stopping", "stopped", lambda it, c, sink: it.stop((c.name,), sink))
_start = _acting("starting", "started", _start_or_create)
_restart = _acting("restarting", "restarted", _restart_it)
_pause = _acting("pausing", "paused", lambda it, c, sink: it.pause((c.name,), sink))
_unpause = _acting("resuming", "goes on", lambda it, c, sink: it.unpause((c.name,), sink))
_scale = _acting("scaling", "scaled", _set_number)


def _show_logs(c: ServiceContext) -> None:
    c.host.go(ShowLogs(c.name))


def _show_traces(c: ServiceContext) -> None:
    c.host.go(ShowTraces(f"service:{c.name}"))


#: In the order of the footer.
VERBS: tuple[Action[ServiceContext], ...] = (
    Action("stop", "S", "stop", "stop the service", _stop, _runs, _asks("Stop"), "stop/start", Ability.STOP),
    Action("start", "S", "start", "start the service", _start, _rests, _asks("Start"), "stop/start", Ability.START),
    Action("restart", "R", "restart", "restart the service", _restart, _runs, _asks("Restart"), needs=Ability.RESTART),
    Action("logs", "l", "logs", "follow the logs of the service", _show_logs, has_service),
    Action("traces", "t", "traces", "show the traces of the service", _show_traces, has_service),
    Action(
        "scale",
        "N",
        "scale",
        "set the number of instances",
        _scale,
        _runs,
        _ask_number,
        needs=Ability.SCALE,
        confirms=_confirm_sharing,
    ),
    Action("pause", "P", "pause", "pause the service", _pause, _can_pause, _asks("Pause"), _PAUSE, Ability.PAUSE),
    Action("unpause", "P", "unpause", "let it go on", _unpause, _can_resume, _asks("Unpause"), _PAUSE, Ability.UNPAUSE),
)
