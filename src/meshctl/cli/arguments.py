"""What each command reads beside the options of all: durations, sizes, numbers."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable

#: What ``meshctl traces`` does with the traces named after it; none of them: list.
TRACE_ACTIONS = ("list", "show", "diff", "export", "import", "pin", "unpin")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "": 1.0}
_SIZES = {"": 1, "b": 1, "k": 1 << 10, "kb": 1 << 10, "m": 1 << 20, "mb": 1 << 20, "g": 1 << 30, "gb": 1 << 30}


def seconds(text: str) -> float:
    """``500ms``, ``2s``, ``1m30s``, or a plain number of seconds."""
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ArgumentTypeError(f"'{text}' is not a duration such as 500ms, 2s or 1m30s")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def replicas(text: str) -> tuple[str, int]:
    """``users=3``."""
    name, equals, count = text.partition("=")
    if not (name and equals and count.isdecimal()):
        raise ArgumentTypeError(f"'{text}' is not SERVICE=NUMBER, such as users=3")
    return name, int(count)


def positive(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"'{text}' is not a number from 1 on")
    return int(text)


def size(text: str) -> int:
    """``256MB`` in bytes; units are powers of 1024, their case does not matter."""
    found = re.fullmatch(r"(\d+)\s*([kmg]?b?)", text.strip().lower())
    if found is None or not int(found[1]):
        raise ArgumentTypeError(f"'{text}' is not a size such as 64MB or 1GB")
    return int(found[1]) * _SIZES[found[2]]


def port(text: str) -> int:
    """A port number; 0 is any free one."""
    if not text.isdecimal() or int(text) > 65535:
        raise ArgumentTypeError(f"'{text}' is not a port from 0 to 65535")
    return int(text)


def _timeout(parser: ArgumentParser, default: float, what: str) -> None:
    parser.add_argument("--timeout", type=seconds, default=default, metavar="120s", help=what)


def _services(parser: ArgumentParser, *, required: bool = False) -> None:
    parser.add_argument("services", nargs="+" if required else "*", metavar="SERVICE")


def _up(parser: ArgumentParser) -> None:
    _services(parser)
    parser.add_argument("--profile", action="append", default=[], help="also the services of this profile")
    parser.add_argument("--build", action="store_true", help="build images even if they are here")
    parser.add_argument("--dry-run", action="store_true", help="print the plan with its causes, do nothing")
    parser.add_argument("--scale", action="append", type=replicas, default=[], metavar="S=N")
    parser.add_argument("--ui", action="store_true", help="open the app when all is ready")
    _timeout(parser, 300.0, "give up after this long")


def _down(parser: ArgumentParser) -> None:
    parser.add_argument("-v", "--volumes", action="store_true", help="also the project's data")
    _timeout(parser, 120.0, "give up after this long")


def _lifecycle(parser: ArgumentParser) -> None:
    _services(parser)
    _timeout(parser, 120.0, "give up after this long")


def _scale(parser: ArgumentParser) -> None:
    parser.add_argument("replicas", nargs="+", type=replicas, metavar="SERVICE=N")
    _timeout(parser, 120.0, "give up after this long")


def _logs(parser: ArgumentParser) -> None:
    _services(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="go on as lines come, through restarts")
    parser.add_argument("--since", type=seconds, metavar="5m", help="only the last while")
    parser.add_argument("--tail", type=positive, metavar="N", help="only the last lines of each instance")
    parser.add_argument("--grep", metavar="REGEX", help="only lines that match")
    parser.add_argument("--trace", metavar="ID", help="only lines of this trace")


def _call(parser: ArgumentParser) -> None:
    parser.add_argument("service", metavar="SERVICE", help="its name in the registry")
    parser.add_argument("method", metavar="METHOD | pkg.Service/Method")
    parser.add_argument("path", nargs="?", metavar="PATH", help="with an HTTP method")
    parser.add_argument("-d", "--data", metavar="JSON", help="the body; @file reads a file, - standard input")
    parser.add_argument("-H", "--header", action="append", default=[], metavar="K:V", help="may be repeated")
    parser.add_argument("--instance", default="", metavar="ID", help="this instance, or 'all'")
    parser.add_argument("--repeat", type=positive, default=1, metavar="N", help="so many times, one by one")
    parser.add_argument("--trace", action="store_true", help="also the trace that it caused, and its log lines")
    _timeout(parser, 10.0, "give up after this long")


def _traces(parser: ArgumentParser) -> None:
    parser.add_argument("words", nargs="*", metavar="ACTION ID", help=f"{', '.join(TRACE_ACTIONS)} (default: list)")
    parser.add_argument("--service", default="", metavar="S", help="a service that took part")
    parser.add_argument("--operation", default="", metavar="NAME", help="the name of one of its spans")
    parser.add_argument("--error", action="store_true", help="only traces with errors")
    parser.add_argument("--min-duration", type=seconds, metavar="100ms")
    parser.add_argument("--max-duration", type=seconds, metavar="2s")
    parser.add_argument("-a", "--attribute", action="append", default=[], metavar="K=V", help="may be repeated")
    parser.add_argument("--since", type=seconds, metavar="5m", help="only the last while")
    parser.add_argument("--text", default="", metavar="WORDS", help="anywhere in names, messages and attributes")
    parser.add_argument("--limit", type=positive, default=20, metavar="N", help="the newest N (default: 20)")
    parser.add_argument("-o", "--output", metavar="FILE", help="where export writes (default: stdout)")


def _collector(parser: ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="the address it listens on (default: 127.0.0.1)")
    parser.add_argument("--grpc-port", type=port, default=4317, metavar="N", help="OTLP over gRPC (default: 4317)")
    parser.add_argument("--http-port", type=port, default=4318, metavar="N", help="OTLP over HTTP (default: 4318)")
    parser.add_argument("--query-port", type=port, default=16686, metavar="N", help="the query API (default: 16686)")
    parser.add_argument("--store", metavar="FILE", help="keep traces over a restart in this SQLite file")
    parser.add_argument("--forward", metavar="URL", help="send all on to another OTLP endpoint, http:// or grpc://")
    parser.add_argument("--allow-host", action="append", default=[], metavar="NAME", help="a name it may be asked by")
    parser.add_argument("--max-bytes", type=size, default=0, metavar="256MB", help="of spans in memory")
    parser.add_argument("--max-traces", type=positive, default=0, metavar="N")
    parser.add_argument("--max-spans-per-trace", type=positive, default=0, metavar="N")
    parser.add_argument("--max-message", type=size, default=16 << 20, metavar="16MB", help="of one request, unpacked")


def _exec(parser: ArgumentParser) -> None:
    parser.add_argument("service", metavar="SERVICE")
    parser.add_argument("--instance", type=positive, default=None, metavar="N", help="which one (default: the first)")


def _config(parser: ArgumentParser) -> None:
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of meshctl.yaml")


ARGUMENTS: dict[str, Callable[[ArgumentParser], None]] = {
    "up": _up,
    "down": _down,
    "ps": _services,
    "why": _services,
    "start": _lifecycle,
    "stop": _lifecycle,
    "restart": _lifecycle,
    "pause": _lifecycle,
    "unpause": _lifecycle,
    "scale": _scale,
    "logs": _logs,
    "call": _call,
    "traces": _traces,
    "collector": _collector,
    "exec": _exec,
    "config": _config,
}
