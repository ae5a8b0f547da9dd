"""The command as a process: interrupted at any time, and with streams that take nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import meshctl
from tests.terminal import Terminal

#: Imports the entry point as the script does that an installer writes.
_INSTALLED = "import re, sys\nfrom meshctl.__main__ import entry\nsys.exit(entry())"
_MESHCTL = (sys.executable, "-c", _INSTALLED)
_OURS = Path(meshctl.__file__).parent
_FULL = Path("/dev/full")
_ENDS_S = 30.0
#: How Ctrl-C may end a command; 0 and 3: it was over before (no engine answers here).
_INTERRUPTED = (130, -signal.SIGINT)
_OVER = (0, 3)

pytestmark = pytest.mark.usefixtures("project")
needs_full = pytest.mark.skipif(not _FULL.exists(), reason="no /dev/full here")


@pytest.fixture(autouse=True)
def heeded_interrupts() -> None:
    """A shell that runs the tests in the background has SIGINT ignored, and what they start would inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def started(*words: str) -> subprocess.Popen[str]:
    """A process that has got as far as our first line: a Ctrl-C before that is Python's own."""
    told, tell = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", _INSTALLED.replace("sys.exit", f"import os; os.write({tell}, b'.'); sys.exit"), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        pass_fds=(tell,),
    )
    os.close(tell)
    os.read(told, 1)
    os.close(told)
    return process


@pytest.mark.parametrize("words", [("ps",), ("up", "--dry-run"), ("--help",), ("logs", "-f"), ("traces",)])
@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_while_it_starts_is_never_a_traceback(words: tuple[str, ...], times: int) -> None:
    for step in range(6):
        process = started(*words)
        for moment in (0.005 + 0.03 * step, 0.01)[:times]:
            with suppress(subprocess.TimeoutExpired):
                process.wait(moment)
            process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=_ENDS_S)
        # On a busy machine it may still be Python that starts; it has not come to us then.
        assert str(_OURS) not in said and "internal error" not in said, said
        assert process.returncode in (*_INTERRUPTED, *_OVER)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_ends_it_lets_it_clean_up(number: signal.Signals) -> None:
    script = """if True:
        import asyncio, sys
        from meshctl.cli.context import run_async
        async def work():
            try:
                print("begun", flush=True)
                await asyncio.sleep(60)
            finally:
                print("cleaned", flush=True)
        try:
            run_async(work())
        except KeyboardInterrupt:
            sys.exit(130)
    """
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "begun\n"
    process.send_signal(number)
    assert process.communicate(timeout=_ENDS_S)[0] == "cleaned\n"
    assert process.returncode == 130


def test_ctrl_c_in_the_app_leaves_the_terminal_as_it_was() -> None:
    with Terminal(_MESHCTL) as terminal:
        terminal.until("? help")
        terminal.interrupt()
        assert terminal.ended() == 130
        assert "Traceback" not in terminal.text
        assert terminal.given_back


def test_an_interrupt_that_is_ignored_when_it_starts_stays_ignored() -> None:
    """``nohup`` and a script's background job."""
    process = subprocess.Popen(
        [*_MESHCTL, "config"],
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
    assert process.returncode == 0


_WORDS = [
    ("--help",),
    ("--version",),
    ("up", "--help"),
    ("config",),
    ("config", "--json"),
    ("config", "--schema"),
    ("doctor",),
    ("doctor", "--json"),
]


@needs_full
@pytest.mark.parametrize("words", _WORDS, ids=" ".join)
def test_a_stdout_that_takes_nothing_is_said_and_exit_1(words: tuple[str, ...]) -> None:
    with _FULL.open("w") as full:
        done = subprocess.run([*_MESHCTL, *words], stdout=full, stderr=subprocess.PIPE, text=True)
        assert (done.returncode, done.stderr) == (1, "error: stdout cannot be written: No space left on device\n")
        assert subprocess.run([*_MESHCTL, *words], stdout=full, stderr=full).returncode == 1


@needs_full
def test_what_stderr_does_not_take_changes_nothing() -> None:
    with _FULL.open("w") as full:
        done = subprocess.run([*_MESHCTL, "config"], stdout=subprocess.PIPE, stderr=full, text=True)
        assert (done.returncode, done.stdout[:5]) == (0, "name:")
        assert subprocess.run([*_MESHCTL, "ps"], stdout=subprocess.PIPE, stderr=full).returncode == 3
        assert subprocess.run([*_MESHCTL, "nosuch"], stdout=subprocess.PIPE, stderr=full).returncode == 2


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_the_shell_has_closed_are_no_error(closed: str) -> None:
    line = f'exec "$0" -c "$1" config {closed}'
    assert subprocess.run(["sh", "-c", line, sys.executable, _INSTALLED], capture_output=True).returncode == 0
