"""What can be done on the services screen and on the logs screen."""

from __future__ import annotations

from meshctl.model.containers import ContainerState
from meshctl.tui.context import LOGS, SERVICES, Action, Context

_AT_WORK = (ContainerState.RUNNING, ContainerState.RESTARTING, ContainerState.PAUSED)


def _states(context: Context) -> set[ContainerState]:
    return {i.state for i in context.service.instances} if context.service is not None else set()


def has_service(context: Context) -> bool:
    return context.service is not None


def _runs(context: Context) -> bool:
    return context.engine_up and bool(_states(context) & set(_AT_WORK))


def _rests(context: Context) -> bool:
    return context.engine_up and context.service is not None and not _runs(context)


def _can_pause(context: Context) -> bool:
    return context.engine_up and ContainerState.RUNNING in _states(context)


def _can_resume(context: Context) -> bool:
    return context.engine_up and ContainerState.PAUSED in _states(context) and not _can_pause(context)


def _can_scale_in(context: Context) -> bool:
    return _runs(context) and context.instances > 1


def _name(context: Context) -> str:
    return context.service.service if context.service is not None else ""


def _ask_stop(context: Context) -> str:
    many = f" ({context.instances} instances)" if context.instances > 1 else ""
    return f"Stop {_name(context)}{many}?"


def _ask_scale_in(context: Context) -> str:
    return f"Scale {_name(context)} {context.instances} → {context.instances - 1}? One instance is removed."


_S = (SERVICES,)
_L = (LOGS,)

SERVICE_ACTIONS: tuple[Action, ...] = (
    Action("open", ("enter",), "open", "show the details of the service", _S, has_service, palette=False),
    Action("stop", ("s",), "stop", "stop the service", _S, _runs, _ask_stop, verb=True),
    Action("start", ("s",), "start", "start the service", _S, _rests, verb=True),
    Action("restart", ("r",), "restart", "restart the service", _S, _runs, verb=True),
    Action("logs", ("l",), "logs", "follow the logs of the service", _S, has_service, verb=True),
    Action("traces", ("t",), "traces", "show the traces of the service", _S, has_service, verb=True),
    Action("scale_out", ("plus", "equals_sign"), "scale", "one instance more", _S, _runs, verb=True),
    Action("scale_in", ("minus",), "", "one instance less", _S, _can_scale_in, _ask_scale_in, verb=True, footer=False),
    Action("pause", ("p",), "pause", "pause the service", _S, _can_pause, verb=True),
    Action("unpause", ("p",), "unpause", "let it go on", _S, _can_resume, verb=True),
    Action("up", ("u",), "up", "start everything that is not running", _S, lambda c: c.engine_up and c.anything_down),
)

LOG_ACTIONS: tuple[Action, ...] = (
    Action("hold", ("space",), "pause", "hold the lines still", _L, lambda c: c.following),
    Action("follow", ("space",), "follow", "follow the newest lines", _L, lambda c: not c.following),
    Action("all_logs", ("a",), "all services", "show the lines of every service", _L, has_service),
    Action("clear", ("c",), "clear", "forget the lines shown so far", _L),
)
