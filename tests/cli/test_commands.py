"""The commands on a fake world: answers on stdout, narration on stderr, exit codes."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from meshctl.cli.main import main
from meshctl.model.containers import ExecResult, RuntimeEvent
from tests.cli.conftest import COLLECTOR, GOOD, Open, Run
from tests.fakes.containers import Behaviour
from tests.fakes.machine import Death


def test_up_shows_a_table_and_a_second_up_does_nothing(run: Run, world: Open) -> None:
    world()
    first = run("up")
    assert first.code == 0, first.err
    assert first.out.splitlines()[0].split()[:2] == ["SERVICE", "HEALTH"]
    assert "demo is ready" in first.err
    second = run("up")
    assert (second.code, "nothing to do" in second.err) == (0, True)


def test_up_as_json_is_one_document_and_progress_is_json_lines(run: Run, world: Open) -> None:
    world()
    answer = run("up", "--json")
    report = json.loads(answer.out)
    assert (report["project"], report["ready"], report["changed"]) == ("demo", True, True)
    assert {row["service"] for row in report["services"]} == {"web", "store"}
    assert {"operation", "target", "phase"} <= set(json.loads(answer.err.splitlines()[0]))


def test_up_of_one_service_shows_what_it_needed_too(run: Run, world: Open, project: Path) -> None:
    (project / "meshctl.yaml").write_text(f"{GOOD}  other: {{image: other:1}}\n")
    world()
    assert {row["service"] for row in json.loads(run("up", "web", "--json").out)["services"]} == {"web", "store"}


def test_up_names_its_trace(run: Run, world: Open, project: Path) -> None:
    (project / "meshctl.yaml").write_text(f"{GOOD}{COLLECTOR}")
    made = world()
    answer = run("up")
    root = made.stage.collector.sent[0]
    assert (root.service, root.name) == ("meshctl", "up demo")
    assert f"trace {root.trace_id[:8]}: meshctl traces show up" in answer.err.splitlines()
    assert "trace" not in run("up").err
    assert json.loads(run("up", "--json").out)["trace_id"] == ""
    run("down")
    report = json.loads(run("up", "--json").out)
    assert report["trace_id"] in {span.trace_id for span in made.stage.collector.sent} - {root.trace_id}


def test_up_tells_when_each_service_was_there_and_the_critical_path(run: Run, world: Open) -> None:
    world()
    answer = run("up")
    heading, *rows = answer.out.splitlines()
    assert heading.split()[4] == "AFTER"
    assert all(re.search(r" [\d.]+ m?s( |$)", row) for row in rows)
    assert "critical path" in answer.err
    assert "AFTER" not in run("up").out


def test_a_dry_run_prints_the_plan_and_does_nothing(run: Run, world: Open) -> None:
    made = world()
    answer = run("up", "--dry-run")
    assert answer.code == 0
    assert "create         web-1  (not created)" in answer.out
    assert made.stage.engine.containers() == ()
    assert json.loads(run("ps", "--json").out)[0]["instances"] == []


def test_a_failed_dependency_is_the_first_cause_and_its_dependent_is_not_begun(run: Run, world: Open) -> None:
    world(store=Behaviour(deaths=(Death(0.1, 3),)))
    answer = run("up")
    assert answer.code == 1
    assert "store-1" in answer.err.split("error:")[1].splitlines()[0]
    assert "web-1: start skipped: store-1 failed" in answer.err
    assert "wait ready skipped" not in answer.err
    assert "demo is not ready" in answer.err


def test_what_never_gets_ready_exits_4(run: Run, world: Open) -> None:
    world(web=Behaviour(ready_after_s=1e9))
    answer = run("up", "--timeout", "5s")
    assert answer.code == 4
    assert "web-1 is not ready" in answer.err
    assert answer.err.splitlines()[-1] == "◐ web is starting (since 4 s): own probe fails: connection refused"


def test_ps_tells_the_three_truths(run: Run, world: Open) -> None:
    world()
    run("up")
    rows = {row["service"]: row for row in json.loads(run("ps", "--json").out)}
    instance = rows["web"]["instances"][0]
    assert (instance["id"], instance["state"], instance["probe"], instance["registry"]) == (
        "web-1",
        "running",
        "passing",
        None,
    )
    assert (rows["web"]["ready"], rows["web"]["desired"]) == (1, 1)


def test_why_names_the_cause_first_and_what_mends_it(run: Run, world: Open) -> None:
    """A victim's own reasons stand below its cause; one that is well says so."""
    world()
    run("up")
    assert run("why").out == "● both services are well\n"
    run("stop", "web")
    answer = run("why")
    assert answer.code == 0
    assert answer.out.splitlines()[0].startswith("○ web is stopped")
    assert answer.out.splitlines()[-1] == "   → meshctl start web"
    assert run("-p", "demo", "why").out.splitlines()[-1] == "   → meshctl start web -p demo"
    (elsewhere,) = json.loads(run("-p", "demo", "why", "--json").out)
    assert elsewhere["mend"] == "meshctl start web"
    (found,) = json.loads(run("why", "web", "--json").out)
    assert (found["service"], found["kind"], found["mend"]) == ("web", "stopped", "meshctl start web")
    assert json.loads(run("why", "store", "--json").out) == []
    assert run("why", "store").out == "● store is well\n"


def test_before_anything_is_up_ps_and_why_say_how_to_bring_it_up(run: Run, world: Open) -> None:
    """Of a service alone that is not there, only that."""
    world()
    assert run("ps").out.splitlines()[0] == "○ nothing is up · meshctl up"
    assert run("why").out == "○ nothing is up: meshctl up\n"
    run("up", "store")
    assert run("ps", "web").out.splitlines()[0] == "○ web does not exist · meshctl up web"
    assert run("why").out.splitlines()[0] == "○ web does not exist"


def test_why_is_a_look_and_knows_near_misses(run: Run, world: Open) -> None:
    world()
    wrong = run("why", "wbe")
    assert (wrong.code, wrong.out) == (2, "")
    assert "web" in wrong.err.split("hint:")[1]


def test_ps_has_what_is_wrong_above_its_table(run: Run, world: Open) -> None:
    """For a person; JSON is what it was, and so is the table when all is well."""
    world()
    run("up")
    assert run("ps").out.startswith("SERVICE ")
    run("stop", "store")
    head, blank, *table = run("ps").out.splitlines()
    assert head.startswith("○ store is stopped") and head.endswith(" · meshctl start store")
    assert (blank, table[0].split()[0]) == ("", "SERVICE")
    assert [row["service"] for row in json.loads(run("ps", "--json").out)] == ["web", "store"]


def test_stop_and_start(run: Run, world: Open) -> None:
    world()
    run("up")
    assert "○ stopped" in run("stop", "web").out
    assert "● healthy" in run("start", "web").out
    wrong = run("stop", "wbe")
    assert wrong.code == 2
    assert "web" in wrong.err.split("hint:")[1]


class Person(io.StringIO):
    """Sits at a terminal and types this; ``None``: presses Ctrl-C."""

    def __init__(self, typed: str | None) -> None:
        super().__init__(typed or "")
        self.interrupts = typed is None

    def isatty(self) -> bool:
        return True

    def readline(self, size: int | None = -1, /) -> str:
        if self.interrupts:
            raise KeyboardInterrupt
        return super().readline()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], None]:
    def type_in(typed: str | None) -> None:
        monkeypatch.setattr("sys.stdin", Person(typed))
        monkeypatch.setattr("sys.stderr.isatty", lambda: True)

    return type_in


ALL_OR_SOME = [("stop", "exited"), ("pause", "paused"), ("restart", "running")]


@pytest.mark.parametrize(("verb", "state"), ALL_OR_SOME)
@pytest.mark.parametrize("typed", ["y\n", "YES\n"])
def test_all_services_are_asked_about(
    run: Run, world: Open, terminal: Callable[[str | None], None], verb: str, state: str, typed: str
) -> None:
    on = world()
    run("up")
    terminal(typed)
    answer = run(verb)
    assert (answer.code, set(on.stage.engine.states().values())) == (0, {state})
    assert f"{verb.capitalize()} 2 services? [y/N] " in answer.err


@pytest.mark.parametrize("verb", ["stop", "pause", "restart"])
@pytest.mark.parametrize("typed", ["\n", "n\n", "yess\n", "", None])
def test_every_other_answer_is_a_no(
    run: Run, world: Open, terminal: Callable[[str | None], None], verb: str, typed: str | None
) -> None:
    on = world()
    run("up")
    terminal(typed)
    answer = run(verb)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.endswith(f"{verb}: nothing was done\n")
    assert set(on.stage.engine.states().values()) == {"running"}
    assert not [call for call in on.stage.engine.calls if call.startswith(("stop", "pause"))]


@pytest.mark.parametrize(("verb", "state"), ALL_OR_SOME)
def test_a_script_says_all(run: Run, world: Open, verb: str, state: str) -> None:
    on = world()
    run("up")
    refused = run(verb)
    assert refused.code == 2 and f"hint: Name some, or meshctl {verb} --all\n" in refused.err
    both = run(verb, "web", "--all")
    assert both.code == 2 and "some are named" in both.err
    assert set(on.stage.engine.states().values()) == {"running"}
    assert run(verb, "--all").code == 0
    assert set(on.stage.engine.states().values()) == {state}


@pytest.mark.parametrize("option", ["-q", "--json"])
def test_who_wants_no_words_is_not_asked(
    run: Run, world: Open, terminal: Callable[[str | None], None], option: str
) -> None:
    world()
    run("up")
    terminal("y\n")
    answer = run("stop", option)
    assert answer.code == 2 and "[y/N]" not in answer.err


def test_nothing_is_asked_about_where_nothing_is(run: Run, world: Open, terminal: Callable[[str | None], None]) -> None:
    world()
    terminal("y\n")
    answer = run("stop")
    assert answer.code == 2 and "nothing of demo exists" in answer.err and "[y/N]" not in answer.err


def test_what_is_known_without_the_file_is_told_once_although_it_asks(
    run: Run, world: Open, terminal: Callable[[str | None], None], project: Path
) -> None:
    world()
    run("up")
    (project / "meshctl.yaml").write_text(GOOD.replace("services:", "servcies:"))
    terminal("y\n")
    answer = run("stop")
    assert (answer.code, answer.err.count("note: ")) == (0, 1)
    assert "labels tell" in answer.err


@pytest.mark.parametrize("verb", ["start", "stop", "restart", "pause", "unpause"])
def test_what_is_not_created_is_told_with_what_creates_it(run: Run, world: Open, verb: str) -> None:
    world()
    run("up", "store")
    answer = run(verb, "web")
    assert (answer.code, answer.err) == (2, "error: web is not created\nhint: Create it: meshctl up web\n")


def test_scale(run: Run, world: Open) -> None:
    world()
    run("up")
    assert json.loads(run("scale", "web=3", "--json").out)[0]["ready"] == 3


@pytest.mark.parametrize("words", [("scale", "store=2"), ("up", "--scale", "store=2")])
def test_two_instances_do_not_share_a_volume_unasked(
    run: Run, world: Open, project: Path, words: tuple[str, ...]
) -> None:
    (project / "meshctl.yaml").write_text(GOOD + "    volumes: ['data:/data']\nvolumes: {data: {}}\n")
    on = world()
    run("up")
    answer = run(*words)
    assert (answer.code, answer.out) == (2, "")
    assert "2 instances of store would share volume data: two servers on one data directory corrupt it" in answer.err
    assert "--share-volumes" in answer.err.split("hint:")[1]
    assert set(on.stage.engine.states()) == {"store-1", "web-1"}
    assert run(*words, "--share-volumes").code == 0
    assert "store-2" in on.stage.engine.states()
    assert "note: 2 instances of store share volume data: an earlier scale asked for it" in run("up").err


def test_up_tells_what_the_file_does_not_name_and_removes_it_when_asked(run: Run, world: Open, project: Path) -> None:
    on = world()
    run("up")
    (project / "meshctl.yaml").write_text(GOOD.replace("web:", "api:"))
    for answer in (run("up", "--dry-run").out, run("up").err, run("up").err):
        assert "note: left alone, because the file does not name it: web (1 container)" in answer
    assert {"web-1", "api-1"} <= set(on.stage.engine.states())
    assert any("web (1 container)" in note for note in json.loads(run("up", "--json").out)["notes"])
    assert "remove         web-1  (not in the file)" in run("up", "--dry-run", "--remove-orphans").out
    assert "left alone" not in run("up", "--remove-orphans").err
    assert set(on.stage.engine.states()) == {"api-1", "store-1"}


def test_down_removes_all_and_a_second_one_finds_nothing(run: Run, world: Open) -> None:
    world()
    run("up")
    assert run("down").code == 0
    assert all(row["instances"] == [] for row in json.loads(run("ps", "--json").out))
    assert "nothing to do" in run("down").err


def test_quiet_says_nothing_beside_the_answer(run: Run, world: Open) -> None:
    world()
    assert run("up", "-q").err == ""


def test_logs_are_merged_labelled_lines_or_json_lines(run: Run, world: Open) -> None:
    world(web=Behaviour(lines=("hello", "bye")))
    run("up")
    assert [line.split("|") for line in run("logs", "web").out.splitlines()] == [
        ["web-1 ", " hello"],
        ["web-1 ", " bye"],
    ]
    line = json.loads(run("logs", "web", "--tail", "1", "--json").out)
    assert (line["service"], line["instance"], line["stream"], line["text"]) == ("web", "web-1", "stdout", "bye")
    assert run("logs", "--grep", "h.llo").out.count("\n") == 1


def test_lines_of_a_trace(run: Run, world: Open) -> None:
    on = world()
    run("up")
    on.stage.engine.write("web-1", "one trace_id=4bf92f35", "two")
    answer = run("logs", "--trace", "4BF9")
    assert (answer.code, [line.split(" | ")[1] for line in answer.out.splitlines()]) == (0, ["one trace_id=4bf92f35"])
    none = run("logs", "--trace", "abcd")
    assert (none.code, none.out, none.err) == (0, "", "note: no line carries the trace abcd\n")
    newest = run("logs", "--trace", "last")
    assert (newest.code, "no collector of traces" in newest.err) == (3, True)
    wrong = run("logs", "--trace", "zzz")
    assert (wrong.code, wrong.out) == (2, "")
    assert wrong.err.startswith("error: no trace 'zzz'\nhint: An id is hexadecimal")


def test_following_logs_ends_when_the_reader_leaves_although_no_line_comes(
    run: Run, world: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = world()
    run("up")
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        monkeypatch.setattr("sys.stdout", pipe)
        assert main(["logs", "-f"], world=made) == 0


def test_exec_hands_every_word_to_the_command(run: Run, world: Open) -> None:
    seen: list[tuple[str, ...]] = []

    def execute(command: tuple[str, ...]) -> tuple[float, ExecResult]:
        seen.append(command)
        return 0.0, ExecResult(7, "")

    world(web=Behaviour(exec=execute))
    run("up")
    assert run("exec", "web", "--instance", "1", "--", "env", "-f", "--instance", "9").code == 7
    assert seen == [("env", "-f", "--instance", "9")]
    absent = run("exec", "web", "--instance", "9", "--", "env")
    assert (absent.code, absent.err) == (2, "error: no instance 'web-9' of web\nhint: Did you mean web-1?\n")
    run("stop", "web")
    stopped = run("exec", "web", "--", "env")
    assert (stopped.code, stopped.err) == (1, "error: web does not run\nhint: meshctl start web\n")
    run("down")
    gone = run("exec", "web", "--", "env")
    assert (gone.code, gone.err) == (2, "error: web is not created\nhint: Create it: meshctl up web\n")
    run("up")
    run("pause", "web")
    paused = run("exec", "web", "ls")
    assert (paused.code, paused.err) == (1, "error: web is paused\nhint: meshctl unpause web\n")


def test_doctor_sees_what_is_missing_and_what_mends_it(run: Run, world: Open, project: Path) -> None:
    world()
    before = {finding["check"]: finding for finding in json.loads(run("doctor", "--json").out)}
    assert (before["engine"]["status"], before["stack"]["mend"]) == ("ok", "meshctl up")
    assert (before["images"]["status"], "store:1" in before["images"]["detail"]) == ("warn", True)
    run("up")
    after = run("doctor")
    assert after.code == 0
    assert "2 of 2 services ready" in after.out
    run("stop", "web")
    stack = {finding["check"]: finding for finding in json.loads(run("doctor", "--json").out)}["stack"]
    assert stack["detail"].startswith("1 of 2 services ready: web is stopped")
    assert (stack["status"], stack["mend"]) == ("warn", "meshctl start web")


def test_doctor_finds_a_taken_port(run: Run, world: Open, project: Path) -> None:
    def finding() -> tuple[str, str]:
        found = {one["check"]: one for one in json.loads(run("doctor", "--json").out)}["ports"]
        return found["status"], found["detail"]

    made = world()
    assert finding() == ("ok", "no fixed TCP port is wanted")
    (project / "meshctl.yaml").write_text(GOOD.replace("target: 8000", "target: 8000, published: 18080"))
    made = world()
    assert finding() == ("ok", "1 free of 1 fixed")
    run("up")
    made.taken.add(18080)
    assert finding() == ("ok", "1 held by this project of 1 fixed")
    run("stop", "--all")
    assert finding() == ("fail", "taken: 18080 (web)")
    assert run("doctor").code == 3


def test_doctor_names_the_service_that_holds_the_port_of_another(run: Run, world: Open, project: Path) -> None:
    fixed = GOOD.replace("target: 8000", "target: 8000, published: 18080")
    (project / "meshctl.yaml").write_text(fixed)
    made = world()
    run("up", "web")
    made.taken.add(18080)
    moved = GOOD.replace("image: store:1", "image: store:1\n    ports: ['18080:80']")
    (project / "meshctl.yaml").write_text(moved)
    answer = run("doctor")
    assert answer.code == 3
    assert "taken: 18080 (store, by web)" in answer.out
    assert "give one of the two another `published`" in answer.out


def test_doctor_asks_the_collector(run: Run, world: Open, project: Path) -> None:
    def finding() -> tuple[str, str, str]:
        found = {one["check"]: one for one in json.loads(run("doctor", "--json").out)}["collector"]
        return found["status"], found["detail"], found["mend"]

    world()
    assert finding() == ("skip", "the file names none", "")
    (project / "meshctl.yaml").write_text(f"{GOOD}{COLLECTOR}")
    made = world()
    assert finding() == ("skip", "the collector 'collector' is not running", "Start it: meshctl up collector")
    run("up")
    status, detail, _ = finding()
    assert (status, detail.startswith("collector at 127.0.0.1:"), "0 traces" in detail) == ("ok", True, True)
    made.stage.collector.away = True
    assert finding() == ("fail", "the collector does not answer", "meshctl restart collector")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "note: demo has no containers; they come with: meshctl up\n"),
        (("web",), "note: web of demo has no containers; they come with: meshctl up web\n"),
        (("web", "store"), "note: web and store of demo have no containers; they come with: meshctl up web store\n"),
        (("-q",), ""),
    ],
)
def test_logs_of_what_has_no_container_say_so(run: Run, world: Open, words: tuple[str, ...], said: str) -> None:
    world()
    answer = run("logs", *words)
    assert (answer.code, answer.out, answer.err) == (0, "", said)


def test_following_a_project_without_containers_says_that_it_waits(
    run: Run, world: Open, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The reader of the pipe leaves as soon as new containers are listened for."""
    made = world()
    reader, writer = os.pipe()
    listen = made.stage.engine.events

    def leave(project: str) -> AsyncIterator[RuntimeEvent]:
        os.close(reader)
        return listen(project)

    monkeypatch.setattr(made.stage.engine, "events", leave)
    with os.fdopen(writer, "w") as pipe:
        monkeypatch.setattr("sys.stdout", pipe)
        assert main(["logs", "-f"], world=made) == 0
    said = capsys.readouterr().err
    assert said == "note: demo has no containers; waiting for the first; they come with: meshctl up\n"


def test_ctrl_c_exits_130_and_says_that_nothing_is_lost(run: Run, world: Open) -> None:
    made = world()
    made.stage.engine.fail["start", "store-1"] = KeyboardInterrupt()
    answer = run("up")
    assert answer.code == 130
    assert answer.err.splitlines()[-1] == "interrupted; the next command carries on from here"


def test_an_error_nobody_foresaw_is_one_line_until_details_are_asked_for(run: Run, world: Open) -> None:
    made = world()
    made.stage.engine.fail["start", "store-1"] = ZeroDivisionError("oh")
    answer = run("up")
    assert answer.code == 1
    assert "internal error: ZeroDivisionError: oh" in answer.err
    assert "Traceback" not in answer.err
    run("down")
    assert "Traceback" in run("-v", "up", "-v").err
