"""What each command reads beside the options of all: durations, sizes, numbers."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Mapping, Sequence

from meshctl.errors import UsageError

#: Options of ``meshctl traces`` that take the next word as their value, so that it is no action.
TRACES_VALUED = "--(?:service|operation|min-duration|max-duration|attribute|since|text|limit|output)|-[hqv]*[ao]"
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "": 1.0}
_SIZES = {"": 1, "b": 1, "k": 1 << 10, "kb": 1 << 10, "m": 1 << 20, "mb": 1 << 20, "g": 1 << 30, "gb": 1 << 30}
#: Ten years: what is longer was not meant.
_LONGEST_S = 3652 * 86400.0
_MOST = 1_000_000_000


def seconds(text: str) -> float:
    """``500ms``, ``2s``, ``1m30s``, or a plain number of seconds, as in Compose."""
    parts = re.findall(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d|)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ArgumentTypeError(f"'{text}' is not a duration such as 500ms, 2s or 1m30s")
    found = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if found > _LONGEST_S:
        raise ArgumentTypeError(f"'{text}' is longer than ten years")
    return found


def time_limit(text: str) -> float:
    """How long a command may take."""
    return _above_zero(text, "leaves no time for anything: give more, such as 120s")


def stop_limit(text: str) -> float:
    """The same where Compose means something else by it."""
    grace = "what a container gets to stop in, Compose's --timeout, is its stop_grace_period in the file"
    return _above_zero(text, f"leaves no time for anything; {grace}")


def time_ago(text: str) -> float:
    """How far back to look."""
    return _above_zero(text, "is no time ago: give more, such as 5m; only what comes from now on is -f --tail 0")


def span_time(text: str) -> float:
    """How long a span took: above zero, and with a unit, because few last seconds."""
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", text) and float(text):
        raise ArgumentTypeError(f"{text} what? Write {text}ms or {text}s")
    return _above_zero(text, "is no bound for what a trace takes: leave the option out, or write 100ms")


def _above_zero(text: str, otherwise: str) -> float:
    found = seconds(text.removeprefix("-"))
    if found <= 0 or text.startswith("-"):
        raise ArgumentTypeError(f"'{text}' {otherwise}")
    return found


def word(text: str) -> str:
    """Text that says something."""
    if not text.strip():
        raise ArgumentTypeError("it is empty: say what, or leave the option out")
    return text


def replicas(text: str) -> tuple[str, int]:
    """``users=3``."""
    name, equals, count = text.partition("=")
    if name and equals and re.fullmatch(r"-[0-9]+", count):
        raise ArgumentTypeError(f"{name} cannot have {count} instances: give 0 or more")
    if not (name and equals and re.fullmatch(r"[0-9]{1,9}", count)):
        raise ArgumentTypeError(f"'{text}' is not SERVICE=NUMBER, such as users=3")
    return name, int(count)


def counts(pairs: Sequence[tuple[str, int]]) -> Mapping[str, int]:
    """The number of instances by service. Raises UsageError for one that is said to have two."""
    found: dict[str, int] = {}
    for name, count in pairs:
        if found.setdefault(name, count) != count:
            raise UsageError(f"{name} cannot have both {found[name]} and {count} instances", hint="Give one number.")
    return found


def tail(text: str) -> int | None:
    """So many lines, ``all`` as in Compose; 0: none of those there are."""
    return None if text == "all" else 0 if text == "0" else positive(text)


def positive(text: str) -> int:
    """A whole number from 1 on."""
    if not re.fullmatch(r"[0-9]+", text) or not 1 <= int(text) <= _MOST:
        raise ArgumentTypeError(f"'{text}' is not a number from 1 to {_MOST:,}")
    return int(text)


def size(text: str) -> int:
    """``256MB`` in bytes; units are powers of 1024, their case does not matter."""
    found = re.fullmatch(r"([0-9]{1,15})\s*([kmg]?b?)", text.strip().lower())
    if found is None or not int(found[1]):
        raise ArgumentTypeError(f"'{text}' is not a size such as 64MB or 1GB")
    return int(found[1]) * _SIZES[found[2]]


def port(text: str) -> int:
    """A port number; 0 is any free one."""
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > 65535:
        raise ArgumentTypeError(f"'{text}' is not a port from 0 to 65535")
    return int(text)


def _timeout(parser: ArgumentParser, default: float, shown: str, limit: Callable[[str], float] = time_limit) -> None:
    what = f"give up after this long, all in all (default: {shown}); a plain number is seconds"
    parser.add_argument("--timeout", type=limit, default=default, metavar=shown, help=what)


def _services(parser: ArgumentParser) -> None:
    parser.add_argument("services", nargs="*", metavar="SERVICE")


def _share_volumes(parser: ArgumentParser) -> None:
    what = "let several instances of a service write to one volume"
    parser.add_argument("--share-volumes", action="store_true", help=what)


def _up(parser: ArgumentParser) -> None:
    _services(parser)
    parser.add_argument(
        "--profile", action="append", default=[], metavar="NAME", help="also the services of this profile; * is all"
    )
    parser.add_argument("--build", action="store_true", help="build images even if they are here")
    parser.add_argument("--dry-run", action="store_true", help="print the plan with its causes, do nothing")
    parser.add_argument(
        "--scale", action="append", type=replicas, default=[], metavar="SERVICE=N", help="so many instances of it"
    )
    _share_volumes(parser)
    parser.add_argument("--remove-orphans", action="store_true", help="remove what the file does not name (any more)")
    parser.add_argument("--ui", action="store_true", help="open the app when all is ready")
    _timeout(parser, 300.0, "300s")


def _down(parser: ArgumentParser) -> None:
    parser.add_argument("-v", "--volumes", action="store_true", help="also the project's data")
    _timeout(parser, 120.0, "120s", stop_limit)


def _lifecycle(parser: ArgumentParser) -> None:
    _services(parser)
    _timeout(parser, 120.0, "120s")


def _all_or_some(parser: ArgumentParser) -> None:
    _services(parser)
    parser.add_argument("--all", action="store_true", help="all services, without being asked")
    _timeout(parser, 120.0, "120s", stop_limit)


def _scale(parser: ArgumentParser) -> None:
    parser.add_argument("replicas", nargs="+", type=replicas, metavar="SERVICE=N")
    _share_volumes(parser)
    _timeout(parser, 120.0, "120s")


def _logs(parser: ArgumentParser) -> None:
    _services(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="go on as lines come, through restarts")
    _since(parser)
    parser.add_argument("--tail", type=tail, metavar="N", help="only the last lines of each instance; with -f also 0")
    parser.add_argument("--grep", metavar="REGEX", help="only lines that match")
    parser.add_argument("--trace", metavar="ID", help="only lines of this trace: an id, last or up")


def _since(parser: ArgumentParser) -> None:
    what = "only the last while; a plain number is seconds"
    parser.add_argument("--since", type=time_ago, metavar="5m", help=what)


def _call(parser: ArgumentParser) -> None:
    parser.add_argument("service", metavar="SERVICE", help="its name in the registry")
    parser.add_argument("method", metavar="METHOD | pkg.Service/Method")
    parser.add_argument("path", nargs="?", metavar="PATH", help="with an HTTP method")
    parser.add_argument("-d", "--data", metavar="JSON", help="the body; @file reads a file, - standard input")
    parser.add_argument("-H", "--header", action="append", default=[], metavar="K:V", help="may be repeated")
    parser.add_argument("--instance", type=word, metavar="ID", help="this instance, or 'all'")
    parser.add_argument("--repeat", type=positive, default=1, metavar="N", help="so many times, one by one")
    parser.add_argument("--trace", action="store_true", help="also the trace that it caused, and its log lines")
    _timeout(parser, 10.0, "10s")


def _filters(parser: ArgumentParser) -> None:
    parser.add_argument("--service", type=word, metavar="S", help="a service that took part")
    parser.add_argument("--operation", type=word, metavar="NAME", help="the name of one of its spans")
    parser.add_argument("--error", action="store_true", help="only traces with errors")
    parser.add_argument("--min-duration", type=span_time, metavar="100ms", help="only traces that took as long")
    parser.add_argument("--max-duration", type=span_time, metavar="2s", help="only traces that took no longer")
    parser.add_argument("-a", "--attribute", action="append", default=[], metavar="K=V", help="may be repeated")
    _since(parser)
    parser.add_argument("--text", metavar="WORDS", help="anywhere in names, messages and attributes")
    parser.add_argument("--limit", type=positive, default=20, metavar="N", help="the newest N (default: 20)")


def _show(parser: ArgumentParser) -> None:
    what = "an id or its beginning, last or up (default: last)"
    parser.add_argument("id", nargs="?", default="last", metavar="ID", help=what)


def _diff(parser: ArgumentParser) -> None:
    parser.add_argument("before", metavar="BEFORE", help="an id or its beginning, last or up")
    parser.add_argument("after", metavar="AFTER", help="the same")


def _export(parser: ArgumentParser) -> None:
    parser.add_argument("ids", nargs="*", metavar="ID", help="these; without any the newest that match")
    _filters(parser)
    parser.add_argument("-o", "--output", type=word, metavar="FILE", help="where to (default: stdout)")


def _import(parser: ArgumentParser) -> None:
    parser.add_argument("document", metavar="FILE", help="OTLP JSON as export writes it; - is standard input")


def _ids(parser: ArgumentParser) -> None:
    parser.add_argument("ids", nargs="+", metavar="ID", help="an id or its beginning, last or up")


def _collector(parser: ArgumentParser) -> None:
    what = "the address it listens on (default: 127.0.0.1)"
    parser.add_argument("--host", type=word, default="127.0.0.1", metavar="ADDRESS", help=what)
    parser.add_argument("--grpc-port", type=port, default=4317, metavar="N", help="OTLP over gRPC (default: 4317)")
    parser.add_argument("--http-port", type=port, default=4318, metavar="N", help="OTLP over HTTP (default: 4318)")
    parser.add_argument("--query-port", type=port, default=16686, metavar="N", help="the query API (default: 16686)")
    parser.add_argument("--store", type=word, metavar="FILE", help="keep traces over a restart in this SQLite file")
    what = "send all on to another OTLP endpoint, http:// or grpc://"
    parser.add_argument("--forward", type=word, metavar="URL", help=what)
    what = "a name it may be asked by; may be repeated"
    parser.add_argument("--allow-host", action="append", type=word, default=[], metavar="NAME", help=what)
    parser.add_argument("--max-bytes", type=size, default=0, metavar="256MB", help="of spans in memory")
    parser.add_argument("--max-traces", type=positive, default=0, metavar="N", help="kept in memory")
    parser.add_argument("--max-spans-per-trace", type=positive, default=0, metavar="N", help="kept of one trace")
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
    "stop": _all_or_some,
    "restart": _all_or_some,
    "pause": _all_or_some,
    "unpause": _lifecycle,
    "scale": _scale,
    "logs": _logs,
    "call": _call,
    "traces": _filters,
    "traces list": _filters,
    "traces show": _show,
    "traces diff": _diff,
    "traces export": _export,
    "traces import": _import,
    "traces pin": _ids,
    "traces unpin": _ids,
    "collector": _collector,
    "exec": _exec,
    "config": _config,
}
