"""Every command and every error on a terminal, in a world where all text is hostile; and as JSON."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from meshctl.adapters.config_file import load_config
from meshctl.cli import diagnostics
from meshctl.cli.help_text import COMMANDS
from meshctl.cli.main import main
from meshctl.cli.output import Output, json_text
from meshctl.cli.progress import JsonSink, PlainSink, TerminalSink
from meshctl.core.plan.request import container_request
from meshctl.errors import CallError, MeshError, OperationFailed
from meshctl.model.calls import CallReply, CallRequest, Endpoint
from meshctl.model.containers import ExecResult
from meshctl.model.plan import Failure
from meshctl.model.progress import ProgressEvent
from meshctl.model.spans import Span
from meshctl.model.status import CheckStatus
from meshctl.model.traces import TraceSummary
from meshctl.present.lines import Segment
from tests.cli.worlds import FakeWorld
from tests.fakes.containers import Behaviour
from tests.fakes.machine import Death
from tests.fakes.stage import stage
from tests.hostile import CORPUS, PAYLOADS, hostile, obeyed
from tests.made import Maker

ALL = "".join(PAYLOADS)
#: What fits into a file's name and a word of a command line.
WORD = "\x1b]0;pwned\x07\x9b2J\u202e\u200b\udcff注"
#: The same in YAML, which knows no halves of pairs.
ESCAPED = '"' + "".join(f"\\U{ord(c):08x}" for c in ALL.replace("$", "$$") if not "\ud800" <= c <= "\udfff") + '"'
FILE = f"""\
name: demo
registry: reg
services:
  web:
    image: example:1
    command: [sh, -c, {ESCAPED}]
    ports: [{{name: http, target: 8000, app_protocol: http}}]
    healthcheck: {{http: /health, port: http}}
    environment: {{NOTE: {ESCAPED}}}
    mesh: {{register: web}}
    depends_on: {{store: {{condition: service_started}}}}
  api:
    image: example:1
    ports: [{{name: http, target: 8000, app_protocol: http}}]
    mesh: {{register: api}}
  store: {{image: "store:1"}}
  reg: {{image: "reg:1", ports: [{{name: http, target: 8500, app_protocol: http}}]}}
  collector:
    image: collector:1
    ports:
      - {{name: http, target: 16686, app_protocol: http}}
      - {{name: otlp-http, target: 4318, app_protocol: http}}
"""
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
#: How often each command is run, and with what; ``@NAME`` is a file of that name, with a document in it.
CASES: dict[str, Sequence[tuple[str, ...]]] = {
    "up": (("up", "--timeout", "5s"), ("up", "--dry-run"), ("up", WORD)),
    "down": (("down",), ("down", "-v")),
    "start": (("start",), ("start", WORD)),
    "stop": (("stop", "web"),),
    "restart": (("restart", "--all", "--timeout", "5s"),),
    "pause": (("pause", "web"),),
    "unpause": (("unpause", WORD),),
    "scale": (("scale", "web=2", "--timeout", "5s"), ("scale", f"{WORD}=2"), ("scale", WORD)),
    "ps": (("ps",), ("ps", WORD)),
    "why": (("why",), ("why", "web"), ("why", WORD)),
    "logs": (("logs",), ("logs", "--grep", f"({WORD}"), ("logs", "--since", WORD)),
    "traces": (
        *(("traces",), ("traces", "show", TRACE), ("traces", "diff", TRACE, TRACE), ("traces", "show", WORD)),
        *(("traces", "export", TRACE), ("traces", "pin", TRACE), ("traces", WORD), ("traces", "-a", WORD)),
        *(("traces", "import", WORD), ("traces", "import", f"@{WORD}.json")),
    ),
    "config": (("config",), ("config", "--schema"), ("config", "-f", WORD), ("config", "-f", f"@{WORD}.yaml")),
    "doctor": (("doctor",), ("doctor", "-f", f"@{WORD}.yaml")),
    "call": (
        *(("call", "api", "GET", "/"), ("call", "api", "GET", "/text"), ("call", "api", "GET", "/", "--trace")),
        *(("call", WORD, "GET", "/"), ("call", "api", "GET", WORD), ("call", "api", "GET", "/", "-H", WORD)),
        *(("call", "api", "POST", "/", "-d", f"@{WORD}"), ("call", "api", "GET", "/none", "--repeat", "2")),
        *(("call", "web", "GET", "/"), ("call", "api", "GET", "/none", "--trace")),
    ),
    "exec": (("exec", WORD, "--", "sh"), ("exec", "web", "--instance", "9", "--", "sh")),
    "collector": (("collector", "--forward", WORD), ("collector", "--max-bytes", WORD)),
    "init": (("init", "-f", f"{WORD}/none.yaml"), ("init", "-f", WORD)),
}
#: These say nothing but what we say, whatever the world is like.
OURS_ALONE = {
    *("logs --grep (WORD", "traces diff TRACE TRACE", "traces export TRACE", "traces pin TRACE"),
    *("config --schema", "doctor", "exec web --instance 9 -- sh"),
}
WRONG = ((WORD,), (f"--{WORD}",), ("--json", WORD), ("-f", WORD, "ps"), ("ps", f"--{WORD}"), ("-p", WORD, "ps"))


class Terminal(io.TextIOWrapper):
    """Takes what is written and says that it is a terminal."""

    def __init__(self) -> None:
        self._taken = io.BytesIO()
        super().__init__(self._taken, encoding="utf-8")

    def isatty(self) -> bool:
        return True

    @property
    def seen(self) -> str:
        """All of it but the way back up over progress, which is ours."""
        self.flush()
        return re.sub(r"\x1b\[\d+A\x1b\[J", "", self._taken.getvalue().decode())


@contextmanager
def screen() -> Iterator[tuple[Terminal, Terminal]]:
    """Both streams are one terminal, to which something is written, and nothing that it obeys."""
    out, err = Terminal(), Terminal()
    with redirect_stdout(out), redirect_stderr(err):
        yield out, err
    assert out.seen or err.seen
    assert obeyed(out.seen, newlines=True) == ""
    assert obeyed(err.seen, newlines=True) == ""


@pytest.fixture(autouse=True)
def no_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not one escape sequence is to be expected."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "meshctl.yaml").write_text(FILE)
    (tmp_path / f"{WORD}.yaml").write_text(
        FILE.replace("  web:\n", f"  web:\n    {ESCAPED}: 1\n    nolist: [{ESCAPED}\n")
    )
    (tmp_path / f"{WORD}.json").write_text('{"resourceSpans": []}')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    return tmp_path


@pytest.fixture
def world(folder: Path) -> FakeWorld:
    """Probes, checks, log lines, labels, ports, errors, replies and spans: all of them hostile."""
    config = load_config(None, project=None, environ={}, cwd=str(folder))
    web = Behaviour(
        ready_after_s=None,
        detail=ALL,
        check=CheckStatus.CRITICAL,
        check_output=ALL,
        lines=(*PAYLOADS, json.dumps({"event": ALL, "level": ALL, ALL: ALL, "trace_id": TRACE})),
        exec=lambda _: (0.0, ExecResult(1, ALL)),
    )
    made = FakeWorld(stage(config, web=web, store=Behaviour(deaths=(Death(0.0, 3),), always=True, lines=PAYLOADS)))
    for name in config.services:
        made.stage.engine.seed(container_request(config, config.services[name], 1), started=name != "store")
    strange = replace(container_request(config, config.services["store"], 7), service=ALL, name=ALL, image=ALL)
    made.stage.engine.seed(strange, started=False, ports={ALL: ALL}, error=ALL, labels={ALL: ALL})
    made.stage.engine.fail["stop", "web-1"] = OperationFailed(ALL, hint=ALL)
    made.stage.engine.fail["pause", "web-1"] = OperationFailed(ALL, hint=ALL)
    made.answer = _answer
    make, collector = Maker(1), made.stage.collector
    spans = make.trace().spans
    collector.sent = [replace(one, trace_id=TRACE) for one in spans]
    collector.below = (replace(make.make(Span), span_id="f" * 16, parent_id="", start_ns=spans[0].start_ns),)
    collector.summaries = tuple(replace(make.make(TraceSummary), trace_id=TRACE) for _ in range(3))
    return made


def _answer(endpoint: Endpoint, request: CallRequest) -> CallReply:
    if request.target == "/none":
        raise CallError(ALL, hint=ALL)
    body: Any = ALL if request.target == "/text" else {ALL: [ALL]}
    content = ALL.encode("utf-8", "surrogatepass")
    return CallReply(endpoint.service, ALL, "http", 500, False, 1.5, {ALL: ALL}, body, ALL, content=content)


def words_of(case: Sequence[str], folder: Path) -> list[str]:
    return [str(folder / word[1:]) if word.startswith("@") and "." in word else word for word in case]


def cases() -> Iterator[tuple[str, ...]]:
    for of_command in CASES.values():
        yield from of_command


def _named(case: Sequence[str]) -> str:
    return " ".join(case).replace(WORD, "WORD").replace(TRACE, "TRACE")


def test_every_command_is_here() -> None:
    assert set(CASES) == set(COMMANDS)
    assert all(case[0] == name for name, of_command in CASES.items() for case in of_command)


@pytest.mark.parametrize("case", [*cases(), *WRONG], ids=_named)
def test_nothing_that_a_command_says_is_obeyed(case: Sequence[str], world: FakeWorld, folder: Path) -> None:
    with screen() as (out, err):
        main(words_of(case, folder), world=world)
    assert _named(case) in OURS_ALONE or "pwned" in out.seen + err.seen


@pytest.mark.parametrize("case", [case for case in (*cases(), *WRONG) if case[0] != "exec"], ids=_named)
def test_json_is_escaped_for_a_terminal_and_for_a_pipe(
    case: Sequence[str], world: FakeWorld, folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    main([*words_of(case, folder), "--json"], world=world)
    out, err = capfdbinary.readouterr()
    assert obeyed(out.decode(), newlines=True) == ""
    assert obeyed(err.decode(), newlines=True) == ""
    if out and case[0] == "logs":
        assert [json.loads(line) for line in out.splitlines()]
    elif out:
        json.loads(out)


def errors() -> Iterator[type[MeshError]]:
    waiting: list[type[MeshError]] = [MeshError]
    while waiting:
        kind = waiting.pop()
        yield kind
        waiting += kind.__subclasses__()


@pytest.mark.parametrize("kind", errors(), ids=lambda kind: kind.__name__)
def test_no_error_says_anything_that_is_obeyed(kind: type[MeshError]) -> None:
    for seed in range(20):
        make = Maker(seed)
        with screen():
            try:
                raise kind(**make.arguments(kind.__init__)) from ValueError(make.text())
            except MeshError as error:
                diagnostics.report(error, traceback=seed % 2 == 0)
                diagnostics.warn(error)
            diagnostics.internal(RuntimeError(make.text()), traceback=seed % 2 == 0)
            diagnostics.report_failure(make.make(Failure))


def test_no_progress_is_obeyed() -> None:
    for seed in range(50):
        make = Maker(seed)
        with screen(), TerminalSink(lambda: 0.0) as redrawn:
            for sink in (PlainSink(), JsonSink(), *[redrawn] * 5):
                sink.emit(make.make(ProgressEvent))


@pytest.mark.parametrize("text", CORPUS)
def test_json_says_the_same_escaped_or_not(text: str) -> None:
    document = {text: [text, {"注文": text}]}
    escaped = json_text(document)
    assert json.loads(escaped) == document
    assert obeyed(escaped, newlines=True) == ""
    assert "注文" in escaped


def test_only_what_is_obeyed_or_hidden_is_escaped() -> None:
    every = [chr(code) for code in range(0xA0, 0x11000)]
    kept = {character for character in every if json_text(character) == f'"{character}"'}
    assert [character for character in every if bool(obeyed(character)) == (character in kept)] == [
        *("\u115f", "\u1160", "\u17b4", "\u17b5", "\u180b", "\u180c", "\u180d", "\u180f"),
        *map(chr, range(0x2630, 0x2638)),
        *map(chr, range(0x268A, 0x2690)),
        "\u3164",
        *map(chr, range(0x4DC0, 0x4E00)),
        "\uffa0",
    ]


def test_a_pipe_gets_the_bytes_of_log_lines_and_of_a_body() -> None:
    taken = io.BytesIO()
    out, content = Output(as_json=False), b"\xff\x00\x1b[31m\xc3\xa9\r\nend"
    with redirect_stdout(io.TextIOWrapper(taken, encoding="utf-8", newline="\n")) as stream:
        out.log(Segment("web-1 |"), content.decode("utf-8", "surrogateescape"))
        out.content(content)
        stream.flush()
    assert taken.getvalue() == b"web-1 | " + content + b"\n" + content


def test_a_terminal_gets_neither() -> None:
    random, out = Random(3), Output(as_json=False)
    with screen():
        for _ in range(50):
            out.log(Segment(hostile(random)), hostile(random))
            out.text(hostile(random))
            out.content(hostile(random).encode("utf-8", "surrogatepass"))
            out.lines([(Segment(hostile(random), f"service:{hostile(random)}"),)])
            out.json(json.dumps(hostile(random), ensure_ascii=False))
