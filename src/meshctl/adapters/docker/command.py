"""One command inside a container with its output collected, which can be ended inside: Docker's API cannot."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from meshctl.adapters.docker.log_lines import frames
from meshctl.adapters.docker.refusals import refusal
from meshctl.adapters.docker.wire import Wire
from meshctl.core.text import shorten
from meshctl.errors import CommandLeft, NotFound, OperationFailed
from meshctl.model.containers import ExecResult

#: Of a longer output the end is kept.
MAX_OUTPUT = 1024 * 1024
#: How long past its time a command is waited for until it has told its pid, and until it has ended.
_GRACE_S = 2.0
_POLL_S = 0.02
_SHELL = "/bin/sh"
#: What Docker gives for a program that is not there.
_NOT_STARTED = (126, 127)
_REFUSED = "OCI runtime exec failed"

#: The pid, as the container counts, before the command's own output.
_TELL_PID = 'echo "$$"; exec "$@"'

#: An exec'd process leads its session. Those without children go first, so that each is reaped by its parent: the
#: container's first process may be one that reaps nobody.
_END_SESSION = """
session=$1
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  members= parents=
  for file in /proc/[0-9]*/stat; do
    { read -r line <"$file"; } 2>/dev/null || continue
    pid=${file#/proc/} pid=${pid%/stat}
    set -- ${line##*)}
    [ "$4" = "$session" ] && [ "$1" != Z ] || continue
    members="$members $pid" parents="$parents $2 "
  done
  [ "$members" ] || break
  for pid in $members; do
    case $parents in *" $pid "*) ;; *) kill -9 "$pid" ;; esac
  done
done 2>/dev/null
kill -9 -- "-$session" 2>/dev/null
exit 0
"""


class Command:
    """``run`` and ``end`` block, each in a thread of its own. ``shellless``: the containers known to have no shell."""

    def __init__(self, wire: Wire, container_id: str, command: Sequence[str], shellless: set[str]) -> None:
        self.words = f"`{_short(command)}`"
        self._wire = wire
        self.container_id = container_id
        self._command = list(command)
        self._shellless = shellless
        self._lock = threading.Lock()
        self._over = False
        #: It waits, in a container without a shell, for an equal one to end.
        self.held_up = False
        self._exec_id = ""
        self._pid = 0
        #: The pid has been told, or none will be.
        self._told = threading.Event()
        #: ``run`` is over; ``_ended`` tells that the command is, too.
        self._finished = threading.Event()
        self._ended = False

    def run(self, timeout_s: float) -> ExecResult:
        """Until it ends, or a moment after ``timeout_s``, when ``end`` is overdue."""
        deadline = time.monotonic() + timeout_s + _GRACE_S
        try:
            if self.container_id not in self._shellless:
                result = self._collect([_SHELL, "-c", _TELL_PID, "test", *self._command], deadline, tells=True)
                if self._pid or result.exit_code not in _NOT_STARTED:
                    return result
                self._shellless.add(self.container_id)
            self._told.set()
            self._wait_for_equal(deadline)
            result = self._collect(self._command, deadline, tells=False)
            if result.exit_code in _NOT_STARTED and result.output.startswith(_REFUSED):
                return ExecResult(result.exit_code, refusal(result.output).says)
            return result
        finally:
            self._told.set()
            self._finished.set()

    def end(self) -> bool:
        """Whether nothing of it is left inside."""
        with self._lock:
            self._over = True
            if not self._exec_id:
                return True
        self._told.wait(_GRACE_S)
        if self._pid and not self._ended:
            with suppress(OperationFailed):  # the container does not run
                self._end_session()
                self._finished.wait(_GRACE_S)
        return self._ended or not self._runs(self._exec_id)

    def _collect(self, command: list[str], deadline: float, *, tells: bool) -> ExecResult:
        exec_id = self._create(command, deadline)
        with self._lock:
            if self._over:
                raise TimeoutError
            self._exec_id = exec_id
        chunks = self._wire.chunks(f"/exec/{exec_id}/start", _START, _left(deadline))
        output, errors, head = bytearray(), bytearray(), bytearray()
        for stream, payload in frames(chunks):
            if tells and stream == "stdout":
                head += payload
                first, newline, rest = head.partition(b"\n")
                if not newline:
                    continue
                tells = False
                payload = bytes(head)
                if first.isdigit():
                    self._pid, payload = int(first), bytes(rest)
                    self._told.set()
            _keep_end(output, payload)
            if stream == "stderr":
                _keep_end(errors, payload)
        while (code := exit_code(self._wire.get(f"/exec/{exec_id}/json"))) is None:
            if self._over or time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(_POLL_S)
        self._ended = True
        return ExecResult(code, output.decode("utf-8", "replace"), errors.decode("utf-8", "replace"))

    def _wait_for_equal(self, deadline: float) -> None:
        """Without a shell nothing is ended: one that another process runs, or has left, is enough."""
        seen = self._wire.get(f"/containers/{self.container_id}/json")
        for exec_id in seen.get("ExecIDs") or ():
            while self._runs(exec_id, self._command):
                self.held_up = True
                if self._over or time.monotonic() > deadline:
                    raise TimeoutError
                time.sleep(_POLL_S)
        self.held_up = False

    def _runs(self, exec_id: str, command: Sequence[str] = ()) -> bool:
        try:
            seen = self._wire.get(f"/exec/{exec_id}/json")
        except NotFound:
            return False
        process = seen.get("ProcessConfig") or {}
        started = [process.get("entrypoint"), *(process.get("arguments") or ())]
        return bool(seen.get("Running")) and (not command or started == list(command))

    def _end_session(self) -> None:
        deadline = time.monotonic() + _GRACE_S
        exec_id = self._create([_SHELL, "-c", _END_SESSION, "end", str(self._pid)], deadline)
        for _ in self._wire.chunks(f"/exec/{exec_id}/start", _START, _left(deadline)):
            pass

    def _create(self, command: list[str], deadline: float) -> str:
        path = f"/containers/{self.container_id}/exec"
        return str(self._wire.post(path, exec_request(command), _left(deadline))["Id"])


_START = {"Detach": False, "Tty": False}


def exec_request(command: Sequence[str], *, stdin: bool = False, tty: bool = False) -> dict[str, Any]:
    """What Docker is asked for."""
    return {"Cmd": list(command), "AttachStdin": stdin, "AttachStdout": True, "AttachStderr": True, "Tty": tty}


def exit_code(answer: dict[str, Any]) -> int | None:
    """None: still running. The output can end a moment before Docker has noted the exit."""
    code = answer.get("ExitCode")
    return None if answer.get("Running") or code is None else int(code)


def left_running(words: str) -> CommandLeft:
    return CommandLeft(f"an earlier {words} still runs inside and cannot be ended; none is started beside it")


def _keep_end(kept: bytearray, payload: bytes) -> None:
    kept += payload
    del kept[:-MAX_OUTPUT]


def _left(deadline: float) -> float:
    return max(0.001, deadline - time.monotonic())


def _short(command: Sequence[str]) -> str:
    """As the file has it: of a shell only its script."""
    said = command[2:] if list(command[:2]) == [_SHELL, "-c"] else command
    return shorten(" ".join(said), 40)
