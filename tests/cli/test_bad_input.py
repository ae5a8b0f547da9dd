"""Bad input gets one clear message and the right exit code; nobody sees a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import GOOD, Open, Run


def test_no_engine_exits_3_and_says_what_mends_it(run: Run) -> None:
    for command in (("ps",), ("up",), ("down",), ("stop", "web"), ("logs",), ("call", "web", "GET", "/")):
        answer = run(*command)
        assert answer.code == 3, answer.err
        assert "hint:" in answer.err
        assert "Traceback" not in answer.err


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-"])
def test_a_closed_stream_is_no_internal_error(project: Path, closed: str) -> None:
    command = f'"{sys.executable}" -m meshctl config {closed}'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_whole_process_without_an_engine_exits_3(project: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "meshctl", "ps"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (3, "")
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["error", "hint"]


def test_a_typo_in_a_key_exits_2_with_line_and_nearest_key(run: Run, project: Path) -> None:
    (project / "meshctl.yaml").write_text(GOOD.replace("healthcheck:", "helthcheck:"))
    answer = run("up")
    assert answer.code == 2
    assert "meshctl.yaml:6" in answer.err
    assert "helthcheck" in answer.err
    assert "did you mean 'healthcheck'?" in answer.err


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("target: 8000", "target: eighty", "services.web.ports"),
        ("store:1", "${NO_SUCH_VARIABLE}", "NO_SUCH_VARIABLE"),
        ("image: store:1", "image: store:1\n    depends_on: [web]", "→"),
        ("{store: {condition: service_healthy}}", "[stor]", "store"),
        ("name: demo", "name: [", "meshctl.yaml"),
    ],
)
def test_a_wrong_file_exits_2_and_names_the_place(run: Run, project: Path, old: str, new: str, word: str) -> None:
    (project / "meshctl.yaml").write_text(GOOD.replace(old, new))
    answer = run("up", "--dry-run")
    assert answer.code == 2, answer.err
    assert word in answer.err
    assert "Traceback" not in answer.err


def test_no_file_says_how_to_begin(run: Run, project: Path) -> None:
    (project / "meshctl.yaml").unlink()
    answer = run("ps")
    assert answer.code == 2
    assert "meshctl init" in answer.err


@pytest.mark.parametrize(
    ("argv", "word"),
    [
        (("call", "web", "POST", "/x", "-d", "{id:1}"), "not JSON"),
        (("call", "web", "POST", "/x", "-d", "@missing.json"), "missing.json"),
        (("call", "web", "GET", "x"), "/x"),
        (("call", "web", "GET"), "pkg.Service/Method"),
        (("call", "web", "GET", "/", "-H", "novalue"), "NAME:VALUE"),
        (("call", "web", "GET", "/", "--timeout", "soon"), "soon"),
        (("scale", "web=many"), "web=many"),
        (("exec", "web"), "no command"),
    ],
)
def test_wrong_words_exit_2(run: Run, argv: tuple[str, ...], word: str) -> None:
    answer = run(*argv)
    assert answer.code == 2, answer.err
    assert word in answer.err


def test_config_masks_secrets(run: Run) -> None:
    for options in ((), ("--json",)):
        answer = run("config", *options)
        assert answer.code == 0
        assert "hunter2" not in answer.out
        assert "demo" in answer.out


def test_the_schema_is_json_schema(run: Run) -> None:
    assert '"$schema"' in run("config", "--schema").out


def test_doctor_without_an_engine(run: Run) -> None:
    answer = run("doctor")
    assert answer.code == 3
    assert "engine" in answer.out


def test_doctor_in_a_folder_without_a_file_has_nothing_to_mend_in_it(run: Run, world: Open, project: Path) -> None:
    world()
    (project / "meshctl.yaml").unlink()
    answer = run("doctor")
    assert answer.code == 0
    assert "meshctl init" in answer.out


def test_doctor_names_the_place_in_a_wrong_file(run: Run, world: Open, project: Path) -> None:
    world()
    (project / "meshctl.yaml").write_text(GOOD.replace("healthcheck:", "helthcheck:"))
    answer = run("doctor")
    assert answer.code == 3
    assert "meshctl.yaml:6" in answer.out


def test_init_where_nothing_can_be_written(run: Run) -> None:
    answer = run("init", "-f", "no/such/folder.yaml")
    assert answer.code == 2
    assert "no/such/folder.yaml" in answer.err


def test_init_takes_a_compose_file_over(run: Run, project: Path) -> None:
    (project / "meshctl.yaml").unlink()
    (project / "compose.yaml").write_text("services:\n  web: {image: 'nginx:1', ports: ['8080:80']}\n")
    assert run("init").code == 0
    assert "8080" in run("config").out


def test_init_writes_a_file_that_loads_and_never_overwrites(run: Run, project: Path) -> None:
    before = (project / "meshctl.yaml").read_text()
    assert run("init").code == 2
    assert (project / "meshctl.yaml").read_text() == before
    (project / "meshctl.yaml").unlink()
    (project / "Dockerfile").write_text("FROM scratch\nEXPOSE 9000/tcp\n")
    assert run("init").code == 0
    (service,) = services(run) - {"consul"}
    assert json.loads(run("config", "--json").out)["services"][service]["ports"][0]["target"] == 9000


def test_init_gives_every_dockerfile_a_name_of_its_own(run: Run, project: Path) -> None:
    (project / "meshctl.yaml").unlink()
    for folder in ("api", "2024: ä", "consul", "API"):
        (project / folder).mkdir()
        (project / folder / "Dockerfile").write_text("FROM scratch\n")
    assert run("init").code == 0
    assert services(run) == {"api", "api-2", "mesh-2024", "consul-2", "consul"}


def test_init_in_an_empty_folder_writes_a_file_that_loads(run: Run, project: Path) -> None:
    (project / "meshctl.yaml").unlink()
    assert run("init").code == 0
    assert services(run) == {"consul"}


def services(run: Run) -> set[str]:
    return set(json.loads(run("config", "--json").out)["services"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a Linux device that takes nothing")
def test_an_answer_that_nobody_can_keep_is_told(project: Path) -> None:
    command = f"{sys.executable} -m meshctl config > /dev/full"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (1, "error: stdout cannot be written: No space left on device\n")
