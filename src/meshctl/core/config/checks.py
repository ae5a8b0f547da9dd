"""``healthcheck:`` -> one readiness check."""

from __future__ import annotations

from dataclasses import replace

from meshctl.core.config.durations import duration, positive_duration
from meshctl.core.config.keys import HEALTHCHECK
from meshctl.core.config.ports import Port, find_port, speaks
from meshctl.core.config.problems import Wrong
from meshctl.core.config.reader import Reader
from meshctl.core.config.scalars import NO_TEXTS, boolean, describe, integer, text, texts
from meshctl.core.names import nearest
from meshctl.model.config import AppProtocol, CheckKind, HealthCheck

_KINDS = ("http", "grpc", "tcp", "test")
_DEFAULTS = HealthCheck()


def read_check(service: Reader, ports: list[Port]) -> HealthCheck:
    """The readiness check of a service; kind NONE when it has none or disables it."""
    check = service.child("healthcheck", HEALTHCHECK)
    written = [kind for kind in _KINDS if check.has(kind)]
    disabled = check.get("disable", boolean, False)
    if len(written) > 1:
        check.wrong(written[1], f"a healthcheck has one of http, grpc, tcp and test, not {' and '.join(written)}")
        return _DEFAULTS
    timed = _timed(check)
    if disabled or not written:
        if service.has("healthcheck") and check.usable and not disabled:
            check.wrong("", "a healthcheck needs one of http, grpc, tcp, test, or disable: true")
        return _DEFAULTS
    kind = CheckKind(written[0])
    argv = check.get("test", check_argv, NO_TEXTS)
    if kind is CheckKind.TEST:
        if check.has("port"):
            check.wrong("port", "port does not go with test")
        return replace(timed, kind=kind, test=argv) if argv else _DEFAULTS
    return replace(
        timed,
        kind=kind,
        path=check.get("http", _http_path, "/"),
        port=_checked_port(check, kind, ports),
        grpc_service=check.get("grpc", _grpc_service, ""),
    )


def check_argv(value: object) -> tuple[str, ...]:
    """The argv of Compose's ``test``: a string is run by a shell, ``NONE`` gives (). Raises Wrong."""
    if isinstance(value, str):
        return () if value == "NONE" else _shell(value)
    argv = texts(value)
    head, rest = (argv[0], argv[1:]) if argv else ("", ())
    if head == "NONE" and not rest:
        return ()
    if head == "CMD" and rest:
        return rest
    if head == "CMD-SHELL" and len(rest) == 1:
        return _shell(rest[0])
    raise Wrong(
        "expected a command line, [CMD, program, …], [CMD-SHELL, command] or [NONE]",
        hint="The first item of a list tells how the rest is run.",
    )


def _shell(command: str) -> tuple[str, ...]:
    if not command.strip():
        raise Wrong("expected a command, found nothing")
    return ("/bin/sh", "-c", command)


def _timed(check: Reader) -> HealthCheck:
    return HealthCheck(
        interval_s=check.get("interval", positive_duration, None),
        timeout_s=check.get("timeout", positive_duration, _DEFAULTS.timeout_s),
        retries=check.get("retries", integer(1, 1000), _DEFAULTS.retries),
        start_period_s=check.get("start_period", duration, _DEFAULTS.start_period_s),
    )


def _checked_port(check: Reader, kind: CheckKind, ports: list[Port]) -> str:
    """The name of the port that is checked; its app_protocol becomes known by it."""
    check.get("tcp", _tcp_wanted, True)
    if check.has("port"):
        return _written_port(check, kind, ports)
    port = _fitting(kind, ports)
    if port is None:
        wanted = "a port" if kind is CheckKind.TCP else f"a port with app_protocol: {kind}"
        check.wrong(kind, f"the {kind} healthcheck needs {wanted}", hint="Add it under ports:, or write port:.")
        return ""
    return _spoken(port, kind)


def _written_port(check: Reader, kind: CheckKind, ports: list[Port]) -> str:
    word = check.get("port", text, "")
    port = find_port(ports, word)
    if port is not None:
        return _spoken(port, kind)
    names = [known.spec.name for known in ports]
    hint = f"Its ports: {', '.join(names)}." if names else "The service has no ports."
    check.wrong("port", f"no port of this service is named '{word}'", near=nearest(word, names), hint=hint)
    return word


def _fitting(kind: CheckKind, ports: list[Port]) -> Port | None:
    usable = [port for port in ports if port.spec.protocol == "tcp"]
    if kind is CheckKind.TCP:
        return next(iter(usable), None)
    spoken = (port for port in usable if port.spec.app_protocol == kind.value)
    return next(spoken, None) or next((port for port in usable if not port.spoken), None)


def _spoken(port: Port, kind: CheckKind) -> str:
    if kind is not CheckKind.TCP:
        speaks(port, AppProtocol(kind.value))
    return port.spec.name


def _http_path(value: object) -> str:
    path = text(value)
    if not path.startswith("/") or any(char.isspace() for char in path):
        raise Wrong(f"expected a path such as /health, found {describe(value)}")
    return path


def _grpc_service(value: object) -> str:
    return "" if value is True else text(value)


def _tcp_wanted(value: object) -> bool:
    if value == "" or boolean(value):
        return True
    raise Wrong("expected tcp: true", hint="Write port: NAME beside it to choose the port.")
