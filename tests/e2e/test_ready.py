"""Ready means ready, on the real engine: the exit code, the last line and the evidence of small stacks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command import Meshctl, Outcome
from tests.images import base_image

pytestmark = pytest.mark.e2e

Project = Callable[[str], Meshctl]

SLEEP = "image: IMAGE, command: [sleep, '600']"


@pytest.fixture(scope="module")
def image() -> str:
    return base_image("MESH_PYTHON_BASE")


@pytest.fixture
def project(tmp_path: Path, image: str) -> Iterator[Project]:
    """``project(services)`` is a command bound to a file with them; what it made is removed."""
    made = Meshctl("meshctl-e2e-ready", tmp_path / "meshctl.yaml")

    def write(services: str) -> Meshctl:
        made.file.write_text(f"services:\n{services}".replace("IMAGE", image))
        return made

    yield write
    made("down", "-v")


def timed(meshctl: Meshctl, *words: str, code: int) -> tuple[Outcome, float]:
    began = time.monotonic()
    answer = meshctl(*words, code=code)
    return answer, time.monotonic() - began


def failure(answer: Outcome) -> dict[str, Any]:
    (one,) = answer.json["failures"]
    assert answer.json["ready"] is False
    found: dict[str, Any] = one
    return found


def healths(answer: Outcome) -> dict[str, str]:
    return {row["service"]: row["health"] for row in answer.json["services"]}


def test_retries_decide_and_not_the_timeout(project: Project) -> None:
    meshctl = project(
        f"  sick: {{{SLEEP}, healthcheck: {{test: exit 1, interval: 1s, timeout: 1s, retries: 2}}}}\n"
        f"  after: {{{SLEEP}, depends_on: {{sick: {{condition: service_healthy}}}}}}\n"
    )
    answer, seconds = timed(meshctl, "up", "--json", code=1)
    assert 2.0 <= seconds < 8.0
    assert "its check (exit 1) failed" in failure(answer)["message"]
    assert failure(answer)["message"].endswith("at last with: exit 1")
    assert healths(answer) == {"sick": "failed", "after": "waiting"}
    assert [step["target"] for step in answer.json["critical_path"]][-1] == "sick-1"
    assert {name: row["health"] for name, row in meshctl.ps().items()} == {"sick": "failed", "after": "waiting"}


def test_a_slow_check_has_the_time_that_compose_gives_it(project: Project) -> None:
    meshctl = project(f"  slow: {{{SLEEP}, healthcheck: {{test: sleep 4; true}}}}\n")
    answer, seconds = timed(meshctl, "up", "--json", code=0)
    assert 4.0 <= seconds < 8.0
    assert healths(answer) == {"slow": "healthy"}
    (row,) = meshctl.ps().values()
    assert row["health"] not in ("unhealthy", "failed")
    assert "still not answered after 2 s (its timeout is 30 s)" in str(row)


LOOPS = {
    "always": "{image: IMAGE, restart: always, command: [sh, -c, 'echo boom; sleep 0.3; exit 3']}",
    "on-failure": "{image: IMAGE, restart: on-failure, command: [sh, -c, 'echo boom; sleep 0.3; exit 3']}",
    "at once": "{image: IMAGE, restart: unless-stopped, command: [sh, -c, 'echo boom; exit 3']}",
}


@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS.keys())
def test_a_crash_loop_is_never_ready(project: Project, loop: str) -> None:
    meshctl = project(f"  loop: {loop}\n")
    for _ in range(2):
        answer, _ = timed(meshctl, "up", "--json", code=1)
        assert (failure(answer)["exit_code"], failure(answer)["log"][-1]) == (3, "boom")
        assert healths(answer) == {"loop": "crash_loop"}
    again = meshctl("up", code=1)
    assert "nothing to do" not in again.err
    assert "exited 3" in again.err and "boom" in again.err
    *_, verdict, cause = again.err.splitlines()
    assert verdict.startswith("meshctl-e2e-ready is not ready after")
    assert cause.startswith("↻ loop is in a crash loop")
    for words in (("start", "loop"), ("restart", "loop"), ("scale", "loop=2")):
        told = meshctl(*words, code=1).err
        assert "boom" in told and "exited 3" in told, words


def test_a_loop_with_longer_lives_is_found_out_while_others_start(project: Project) -> None:
    meshctl = project(
        "  loop: {image: IMAGE, restart: always, command: [sh, -c, 'echo boom; sleep 1; exit 3']}\n"
        "  late: {image: IMAGE, command: [sh, -c, 'sleep 3; touch /tmp/up; exec sleep 600'], "
        "healthcheck: {test: test -e /tmp/up, interval: 1s, start_period: 10s}}\n"
    )
    answer, _ = timed(meshctl, "up", "--json", code=1)
    assert (failure(answer)["exit_code"], failure(answer)["log"][-1]) == (3, "boom")


def test_one_restart_is_forgiven_after_ten_quiet_seconds(project: Project) -> None:
    once = "test -e /tmp/was && exec sleep 600; touch /tmp/was; exit 3"
    meshctl = project(f"  web: {{image: IMAGE, restart: always, command: [sh, -c, '{once}']}}\n")
    answer, seconds = timed(meshctl, "up", "--json", code=0)
    assert seconds >= 10.0
    assert healths(answer) == {"web": "healthy"}
    assert answer.json["services"][0]["restarts"] == 1


def test_a_finished_job_is_done_with_and_without_a_dependent(project: Project) -> None:
    meshctl = project(
        "  job: {image: IMAGE, command: [sh, -c, 'echo done']}\n"
        "  alone: {image: IMAGE, command: [sh, -c, 'echo done']}\n"
        f"  app: {{{SLEEP}, depends_on: {{job: {{condition: service_completed_successfully}}}}}}\n"
    )
    answer, _ = timed(meshctl, "up", "--json", code=0)
    assert healths(answer) == {"job": "done", "alone": "done", "app": "healthy"}
    again, _ = timed(meshctl, "up", "--json", code=0)
    assert again.json["changed"] is False
    assert [row["instances"][0]["started_at"] for row in again.json["services"]] == [
        row["instances"][0]["started_at"] for row in answer.json["services"]
    ]
