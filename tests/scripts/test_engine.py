"""``scripts/engine`` beside pid files of daemons that are gone. The daemon and its client are played by scripts."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "engine"
#: As the real one: it does not start beside a process that has the number in its pid file.
_DAEMON = """#!/bin/sh
if [ -s {pid_file} ] && kill -0 "$(cat {pid_file})"; then echo "pid file found" >&2; exit 1; fi
echo $$ >{pid_file}
touch {folder}/answers
exec {folder}/bin/sleeper 60
"""

pytestmark = pytest.mark.skipif(
    Path("/run/systemd/system").is_dir() or not Path("/proc/self/stat").exists(),
    reason="another way to start the engine, or none",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Programs that stand for the real ones, and a root that is none."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in (
        ("docker", f"#!/bin/sh\ntest -e {tmp_path}/answers"),
        ("dockerd", _DAEMON.format(folder=tmp_path, pid_file=tmp_path / "docker.pid")),
        ("id", "#!/bin/sh\necho 0"),
    ):
        (programs / name).write_text(f"{text}\n")
        (programs / name).chmod(0o755)
    shutil.copy("/bin/sleep", programs / "sleeper")
    return tmp_path


def run_script(folder: Path) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
    done = subprocess.run(
        [str(SCRIPT)],
        env={
            **environ,
            "PATH": f"{folder / 'bin'}:{environ['PATH']}",
            "MESHCTL_DOCKERD_ARGS": f"--pidfile {folder / 'docker.pid'} --exec-root={folder}",
            "MESHCTL_DOCKERD_LOG": str(folder / "log"),
        },
        capture_output=True,
        text=True,
        timeout=90,
    )
    started = folder / "docker.pid"
    if done.returncode == 0 and (folder / "answers").exists() and started.exists():
        subprocess.run(["kill", started.read_text().strip()], check=False)
    return done


@pytest.fixture
def daemon(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Something with the name of the daemon."""
    program = folder / "dockerd"
    shutil.copy("/bin/sleep", program)
    process = subprocess.Popen([str(program), "60"])
    yield process
    process.kill()
    process.wait()


def test_a_daemon_that_was_killed_and_not_reaped_is_started_again(
    folder: Path, daemon: subprocess.Popen[bytes]
) -> None:
    (folder / "docker.pid").write_text(str(daemon.pid))
    daemon.kill()
    os.waitid(os.P_PID, daemon.pid, os.WEXITED | os.WNOWAIT)  # dead, and a zombie from here on
    done = run_script(folder)
    assert (done.returncode, "starting dockerd" in done.stderr) == (0, True), done.stderr


def test_a_number_that_another_process_has_got_is_no_daemon(folder: Path) -> None:
    (folder / "containerd").mkdir()
    for name in ("docker.pid", "containerd/containerd.pid"):
        (folder / name).write_text(str(os.getpid()))
    done = run_script(folder)
    assert (done.returncode, "starting dockerd" in done.stderr) == (0, True), done.stderr
    assert not (folder / "containerd" / "containerd.pid").exists()


def test_a_daemon_that_is_on_its_way_is_waited_for(folder: Path, daemon: subprocess.Popen[bytes]) -> None:
    (folder / "docker.pid").write_text(str(daemon.pid))
    (folder / "bin" / "docker").write_text(
        f"#!/bin/sh\nn=$(cat {folder}/asked 2>/dev/null); echo x$n >{folder}/asked; [ ${{#n}} -gt 6 ]\n"
    )
    done = run_script(folder)
    assert done.returncode == 0, done.stderr
    assert f"dockerd is on its way (pid {daemon.pid})" in done.stderr
    assert "starting dockerd" not in done.stderr


def test_a_daemon_that_does_not_start_is_told_with_its_last_words(folder: Path) -> None:
    (folder / "bin" / "dockerd").write_text("#!/bin/sh\necho no room >&2\nexit 1\n")
    done = run_script(folder)
    assert done.returncode == 3
    assert "no room" in done.stderr and "dockerd ended" in done.stderr
