"""``smoke:`` -> checks; they are kept as written and judged by a later command."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from meshctl.core.config.durations import positive_duration
from meshctl.core.config.keys import EXPECT, SMOKE, TRACE
from meshctl.core.config.problems import Wrong
from meshctl.core.config.reader import Reader
from meshctl.core.config.scalars import boolean, describe, filled, listed, mapped, setting, text
from meshctl.core.names import nearest
from meshctl.model.config import SmokeCheck

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")

_RPC = re.compile(r"[A-Za-z_][\w.]*/[A-Za-z_]\w*\Z")


def read_smoke(root: Reader, names: Collection[str]) -> tuple[SmokeCheck, ...]:
    """The checks in the order of the file. ``names`` are what may be called."""
    checks: dict[str, SmokeCheck] = {}
    for value, path in root.items("smoke"):
        check = _read(Reader(value, path, SMOKE, root.problems), names)
        if check.name in checks:
            root.problems.add(path, f"two checks are named '{check.name}'")
        checks[check.name] = check
    return tuple(checks.values())


def _read(check: Reader, names: Collection[str]) -> SmokeCheck:
    call = check.get("call", lambda value: _call(value, names), "")
    return SmokeCheck(
        name=check.get("name", filled, call or check.path),
        call=call,
        data=check.raw("data"),
        expect=_expect(check.child("expect", EXPECT)),
        trace=_trace(check.child("trace", TRACE), names),
    )


def _call(value: object, names: Collection[str]) -> str:
    service, *rest = filled(value).split()
    http = len(rest) == 2 and rest[0] in METHODS and rest[1].startswith("/")
    if not http and not (len(rest) == 1 and _RPC.match(rest[0])):
        near = nearest(rest[0].upper(), METHODS) if len(rest) == 2 else ""
        expected = "expected 'SERVICE METHOD /path' or 'SERVICE pkg.Service/Method'"
        raise Wrong(f"{expected}, found {describe(value)}", nearest=near)
    _known(service, names)
    return " ".join((service, *rest))


def _known(name: str, names: Collection[str]) -> None:
    if name not in names:
        raise Wrong(f"no service is registered or named '{name}'", nearest=nearest(name, names))


def _expect(expect: Reader) -> Mapping[str, object]:
    """As written, but ``within`` in seconds."""
    found: dict[str, object] = {
        "status": expect.get("status", _status, None),
        "headers": expect.get("headers", mapped(setting), None),
        "within": expect.get("within", positive_duration, None),
    }
    if expect.has("body"):
        found["body"] = expect.raw("body")
    return {key: value for key, value in found.items() if value is not None}


def _trace(trace: Reader, names: Collection[str]) -> Mapping[str, object]:
    def known(value: object) -> str:
        name = text(value)
        _known(name, names)
        return name

    def services(value: object) -> list[str]:
        return list(listed(known)(value))

    found = {
        "services": trace.get("services", services, None),
        "no_errors": trace.get("no_errors", boolean, None),
        "within": trace.get("within", positive_duration, None),
    }
    return {key: value for key, value in found.items() if value is not None}


def _status(value: object) -> object:
    if isinstance(value, list):
        return list(listed(_status)(value))
    word = text(value)
    if re.fullmatch(r"[1-5][0-9][0-9]", word):
        return int(word)
    if re.fullmatch(r"[A-Z][A-Z_]+", word):
        return word
    raise Wrong(f"expected a status such as 201 or NOT_FOUND, found {describe(value)}")
