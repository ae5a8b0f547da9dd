"""Commands that create nothing work without the variables of the file, and without the file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import COLLECTOR, GOOD, Open, Run

UNSET = GOOD.replace("example:1", "${FOO:?}")
NOTE = "note: FOO is not set; what needs it is as the containers' labels tell"
LOOKS = [
    ("ps",),
    ("why",),
    ("logs",),
    ("call", "web", "GET", "/"),
    ("exec", "web", "--", "true"),
    ("doctor",),
    ("restart", "web"),
    ("pause", "web"),
    ("unpause", "web"),
    ("stop", "web"),
    ("start", "web"),
    ("down",),
]
CREATES = [("up",), ("up", "--dry-run"), ("scale", "web=2"), ("config",)]
each = pytest.mark.parametrize("argv", LOOKS, ids=lambda argv: argv[0])
creates = pytest.mark.parametrize("argv", CREATES, ids=" ".join)

Up = Callable[..., Path]


@pytest.fixture
def up(project: Path, run: Run, world: Open) -> Path:
    """The file of a project that is up."""
    world()
    assert run("up").code == 0
    return project / "meshctl.yaml"


def _notes(err: str) -> list[str]:
    return [line for line in err.splitlines() if line.startswith("note:")]


@each
def test_without_a_variable(run: Run, up: Path, argv: tuple[str, ...]) -> None:
    up.write_text(UNSET)
    answer = run(*argv)
    assert answer.code == 0, answer.err
    assert _notes(answer.err) == ([] if argv == ("doctor",) else [NOTE])


@creates
def test_what_creates_needs_the_variables(run: Run, up: Path, argv: tuple[str, ...]) -> None:
    up.write_text(UNSET)
    answer = run(*argv)
    assert answer.code == 2
    assert "missing env variable FOO" in answer.err
    assert "meshctl.yaml:4  services.web.image" in answer.err


@each
def test_without_the_file(run: Run, up: Path, argv: tuple[str, ...]) -> None:
    up.unlink()
    answer = run(*argv)
    assert answer.code == 0, answer.err
    told = f"no meshctl.yaml here: demo as its containers' labels tell (made from {up})"
    assert told in " ".join((answer.out + answer.err).split())


@each
def test_in_another_folder(
    run: Run, up: Path, argv: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert run("-p", "demo", *argv).code == 0
    assert "no meshctl.yaml" in run("ps").err


@creates
def test_nothing_is_created_without_the_file(run: Run, up: Path, argv: tuple[str, ...]) -> None:
    up.unlink()
    answer = run(*argv)
    assert answer.code == 2
    assert "no meshctl.yaml" in answer.err


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (GOOD.replace("healthcheck:", "helthcheck:"), "meshctl.yaml:6 cannot be used, unknown key 'helthcheck'"),
        (GOOD + "x: [", "not valid YAML"),
        ("", "the file is empty"),
    ],
)
def test_a_broken_file(run: Run, up: Path, broken: str, said: str) -> None:
    up.write_text(broken)
    (note,) = _notes(run("ps").err)
    assert said in note
    assert "demo as its containers' labels tell" in note
    assert run("down").code == 0


def test_labels_tell_as_much_as_the_file(run: Run, up: Path) -> None:
    whole = json.loads(run("ps", "--json").out)
    up.unlink()
    told = json.loads(run("ps", "--json").out)
    assert sorted(told, key=lambda row: row["service"]) == sorted(whole, key=lambda row: row["service"])


@pytest.mark.parametrize("flag", ["-q", "--json"])
def test_a_script_gets_no_note(run: Run, up: Path, flag: str) -> None:
    up.write_text(UNSET)
    assert run(flag, "ps").err == ""


def test_a_variable_that_nothing_looked_at_needs(run: Run, up: Path) -> None:
    up.write_text(GOOD.replace("hunter2", "'${FOO}'"))
    assert _notes(run("ps").err) == ["note: FOO is not set; only what creates containers needs it"]


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("${A}", "A is not set; what needs it"),
        ("${A}${B}", "A and B are not set; what needs them"),
        ("${A}${B}${C}", "A, B and C are not set; what needs them"),
        ("${A}${B}${C}${D}${E}", "A, B, C and 2 more are not set; what needs them"),
    ],
)
def test_the_variables_are_named(run: Run, up: Path, image: str, said: str) -> None:
    up.write_text(GOOD.replace("example:1", image))
    assert _notes(run("ps").err) == [f"note: {said} is as the containers' labels tell"]


def test_an_env_file_that_is_not_there(run: Run, up: Path) -> None:
    up.write_text(GOOD.replace("image: store:1", "image: store:1\n    env_file: gone.env"))
    assert _notes(run("ps").err) == ["note: the env file gone.env is not there; only what creates containers needs it"]
    assert run("up").code == 2


def test_no_such_project_names_the_nearest(run: Run, up: Path) -> None:
    up.unlink()
    answer = run("-p", "demoo", "ps")
    assert answer.code == 2
    assert "no project 'demoo' on this engine" in answer.err
    assert "Did you mean demo?" in answer.err
    assert "There are: demo." in run("-p", "xyz", "ps").err


def test_where_no_project_is_meant_those_of_the_engine_are_named(
    run: Run, up: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    answer = run("ps")
    assert answer.code == 2
    assert "-p NAME looks at a project without its file: demo." in answer.err


def test_a_wrong_name_of_the_file_is_no_guess(run: Run, up: Path) -> None:
    assert "there is no file other.yaml" in run("-f", "other.yaml", "down").err
    assert run("ps", "--json").out.count('"running"') >= 2


def test_an_engine_that_does_not_answer(run: Run, project: Path) -> None:
    (project / "meshctl.yaml").write_text(UNSET)
    assert run("ps").code == 3
    (project / "meshctl.yaml").write_text("x: [")
    assert run("ps").code == 2
    (project / "meshctl.yaml").unlink()
    assert (run("ps").code, run("-p", "demo", "ps").code) == (2, 3)


def test_another_project_is_not_told_by_the_file_found_here(
    run: Run, up: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "meshctl.yaml").write_text("name: other\nservices: {lone: {image: lone}}\n")
    monkeypatch.chdir(other)
    answer = run("-p", "demo", "ps")
    assert "web" in answer.out and "lone" not in answer.out
    assert f"{other / 'meshctl.yaml'} is other's: demo as its containers' labels tell" in answer.err
    assert "lone" in run("-p", "demo", "up", "--dry-run").out
    assert "lone" in run("-f", "meshctl.yaml", "-p", "demo", "ps").out


def test_a_moved_file_is_still_the_projects(run: Run, up: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = up.parent / "moved"
    moved.mkdir()
    up.rename(moved / "meshctl.yaml")
    monkeypatch.chdir(moved)
    assert _notes(run("-p", "demo", "ps").err) == []


def test_doctor_goes_on_and_tells(run: Run, up: Path) -> None:
    def found() -> dict[str, dict[str, str]]:
        return {one["check"]: one for one in json.loads(run("doctor", "--json").out)}

    up.write_text(UNSET)
    assert found()["configuration"]["status"] == "warn"
    assert found()["images"]["status"] == found()["stack"]["status"] == "ok"
    up.write_text(GOOD + "x: [")
    assert (found()["configuration"]["status"], found()["stack"]["status"]) == ("fail", "ok")
    up.unlink()
    assert (found()["configuration"]["status"], found()["stack"]["status"]) == ("warn", "ok")


def test_secrets_are_in_no_label_and_no_note(run: Run, project: Path, world: Open) -> None:
    text = GOOD.replace("{http: /health, port: http}", '{test: "check --password hunter2 ${FOO:-}"}')
    (project / "meshctl.yaml").write_text(text)
    engine = world().stage.engine
    assert run("up").code == 0
    assert not [value for one in engine.containers() for value in one.labels.values() if "hunter2" in value]
    (project / "meshctl.yaml").write_text(text.replace("FOO:-", "FOO"))
    assert "hunter2" not in run("ps").err


def test_foreign_labels_move_no_terminal(run: Run, up: Path, world: Open) -> None:
    engine = run.world.stage.engine  # type: ignore[attr-defined]
    for machine in engine.machines.values():
        machine.container.labels["dev.meshctl.file"] = "\x1b]0;pwned\x07"
        machine.container.labels["dev.meshctl.project"] = "demo\x1b[2J"
    up.unlink()
    answers = [run("-p", "demo", "ps"), run("-p", "demo\x1b[2J", "ps")]
    assert not [answer for answer in answers if "\x1b" in answer.err + answer.out]


def test_traces_know_the_collector_by_its_label(run: Run, project: Path, world: Open) -> None:
    (project / "meshctl.yaml").write_text(f"{GOOD}{COLLECTOR}".replace("  collector:", "  seen:") + "collector: seen\n")
    world()
    assert run("up").code == 0
    (project / "meshctl.yaml").unlink()
    assert run("traces").code == 0
