"""Commands inside a container: with their output collected, or attached to this terminal."""

from __future__ import annotations

import asyncio
import io
import os
import re
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from meshctl.adapters.docker.client import Client, url_of
from meshctl.adapters.docker.command import Command, exec_request, exit_code, left_running
from meshctl.adapters.docker.log_lines import frames
from meshctl.adapters.docker.refusals import NO_PROGRAM, refusal
from meshctl.adapters.docker.stream_handle import Cancelled, StreamHandle, connected_socket
from meshctl.adapters.docker.wire import Wire, failed
from meshctl.errors import CannotRun, DeadlineExceeded, MeshError, NoSuchCommand, OperationFailed
from meshctl.model.containers import ExecResult
from meshctl.threads import run_in_thread

if TYPE_CHECKING:
    from docker.api.client import APIClient
    from requests import Response

_CHUNK = 1 << 16
#: An engine that hangs is not waited for longer when a command is to be ended.
_END_S = 5.0
_POLL_S = 0.02
_UPGRADE = {"Connection": "Upgrade", "Upgrade": "tcp"}


class DockerExec:
    """``ports.runtime.Exec``."""

    def __init__(self, client: Client, wire: Wire) -> None:
        self._client = client
        self._wire = wire
        #: Containers without a shell, and the command of a container that could not be ended.
        self._shellless: set[str] = set()
        self._left: dict[str, Command] = {}

    async def run(self, instance: str, command: Sequence[str], timeout_s: float) -> ExecResult:
        earlier = self._left.get(instance)
        if earlier is not None and not await self._end(earlier):
            raise left_running(earlier.words)
        running = Command(self._wire, instance, command, self._shellless)
        try:
            async with asyncio.timeout(timeout_s):
                return await run_in_thread(lambda: running.run(timeout_s))
        except asyncio.CancelledError:
            await _insist(self._end(running))
            raise
        except TimeoutError as error:
            ended = await _insist(self._end(running))
            if running.held_up:
                raise left_running(running.words) from error
            left = "" if ended else ", and is left running"
            why = ": its container has no shell to end it with" if instance in self._shellless and left else ""
            raise DeadlineExceeded(
                f"{running.words} did not end within {round(timeout_s, 2):g} s{left}{why}."
            ) from error

    async def _end(self, running: Command) -> bool:
        """Whether nothing is left of it; what is left is remembered."""
        ended = False
        with suppress(MeshError, TimeoutError):
            async with asyncio.timeout(_END_S):
                ended = await run_in_thread(running.end)
        if ended:
            self._left.pop(running.container_id, None)
        else:
            self._left[running.container_id] = running
        return ended

    async def attach(self, instance: str, command: Sequence[str], *, tty: bool) -> int:
        session = _Attached(instance, command, tty=tty)
        resizes: set[asyncio.Task[None]] = set()

        def resize() -> None:
            task = asyncio.ensure_future(self._client.run(session.resize))
            resizes.add(task)
            task.add_done_callback(resizes.discard)

        running = asyncio.ensure_future(self._client.run(session.run))
        try:
            with _raw_input(tty), _size_changes(tty, resize):
                return await asyncio.shield(running)
        finally:
            session.cut()
            await asyncio.wait([running, *resizes], timeout=5.0)
            if running.done():
                running.cancelled() or running.exception()
                session.close()


async def _insist(work: Coroutine[Any, Any, bool]) -> bool:
    """To its end, however often this is cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    return task.result()


def _start(api: APIClient, exec_id: str, *, tty: bool) -> Response:
    response = api.post(
        url_of(api, f"/exec/{exec_id}/start"),
        json={"Detach": False, "Tty": tty},
        headers=_UPGRADE,
        stream=True,
        timeout=api.timeout,
    )
    try:
        _check(response)
    except BaseException:
        response.close()
        raise
    return response


def _check(response: Response) -> None:
    if response.status_code < 400:
        return
    try:
        content = response.json()
    except ValueError:
        content = None
    raise failed(response.status_code, content)


def _socket(response: Response) -> socket.socket:
    sock = connected_socket(response)
    if sock is None:
        raise OperationFailed("The engine gave no connection to the command.")
    return sock


def _stream(response: Response) -> io.BufferedReader:
    """The buffered side of the connection: docker-py's own raw socket misses what was read ahead."""
    stream = getattr(getattr(response.raw, "_fp", None), "fp", None)
    if not isinstance(stream, io.BufferedReader):
        raise OperationFailed("The engine gave no connection to the command.")
    return stream


class _Attached:
    """One command with this process's stdin, stdout and stderr. ``run`` blocks until ``cut`` or its end."""

    def __init__(self, container_id: str, command: Sequence[str], *, tty: bool) -> None:
        self._container_id = container_id
        self._command = command
        self._tty = tty
        self._handle = StreamHandle()
        self._exec_id = ""
        self._size: tuple[int, int] | None = None
        self._wake_read, self._wake_write = os.pipe()

    def run(self, api: APIClient) -> int:
        """Until the command ends: its exit code."""
        created = api.post(
            url_of(api, f"/containers/{self._container_id}/exec"),
            json=exec_request(self._command, stdin=True, tty=self._tty),
            timeout=api.timeout,
        )
        _check(created)
        exec_id = str(created.json()["Id"])
        response = _start(api, exec_id, tty=self._tty)
        self._handle.hold(response)
        try:
            sock, stream = _socket(response), _stream(response)
            sock.settimeout(None)
            self._exec_id = exec_id
            self.resize(api)
            stdin = threading.Thread(target=self._forward_stdin, args=(sock,), daemon=True)
            stdin.start()
            try:
                self._copy_output(api, stream)
            except BrokenPipeError:  # who read our output has gone
                return 128 + signal.SIGPIPE
            finally:
                os.write(self._wake_write, b".")
                stdin.join()
        finally:
            self._handle.release()
        while (code := exit_code(api.exec_inspect(exec_id))) is None:
            if self._handle.is_cut:
                raise Cancelled
            time.sleep(_POLL_S)
        return code

    def cut(self) -> None:
        """End the connection; the command itself gets end of file on its stdin."""
        self._handle.cut()

    def close(self) -> None:
        """Release the descriptors; only after ``run`` has returned."""
        os.close(self._wake_read)
        os.close(self._wake_write)

    def resize(self, api: APIClient) -> None:
        """Tell Docker the size of this terminal, when there is one."""
        if not (self._tty and self._exec_id):
            return
        with suppress(OSError, ValueError):
            size = os.get_terminal_size(1)
            api.exec_resize(self._exec_id, height=size.lines, width=size.columns)

    def _copy_output(self, api: APIClient, stream: io.BufferedReader) -> None:
        """Raises CannotRun for a command that Docker could not start: it says so where the output would come."""
        chunks = iter(lambda: stream.read1(_CHUNK), b"")
        parts = (("stdout", chunk) for chunk in chunks) if self._tty else frames(chunks)
        for number, (name, payload) in enumerate(parts):
            if number == 0 and payload.endswith(b"\r\n") and _never_ran(api.exec_inspect(self._exec_id)):
                raise _not_started(payload)
            _write(2 if name == "stderr" else 1, payload)

    def _forward_stdin(self, sock: socket.socket) -> None:
        with suppress(OSError, ValueError):
            while True:
                ready, _, _ = select.select([0, self._wake_read], [], [])
                if self._wake_read in ready:
                    return
                data = os.read(0, _CHUNK)
                if not data:
                    break
                sock.sendall(data)
        with suppress(OSError):
            sock.shutdown(socket.SHUT_WR)


def _never_ran(answer: dict[str, Any]) -> bool:
    return not answer.get("Running") and not answer.get("Pid") and answer.get("ExitCode") in (126, 127)


def _not_started(words: bytes) -> CannotRun:
    message = words.decode("utf-8", "replace").strip()
    kind = NoSuchCommand if re.search(NO_PROGRAM, message) else CannotRun
    return kind(refusal(message).says, hint="`meshctl exec SERVICE -- sh` looks around in most images.")


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(descriptor, view) :]
    except BrokenPipeError:
        raise
    except OSError as error:
        where = "stderr" if descriptor == 2 else "stdout"
        raise MeshError(f"{where} cannot be written: {error.strerror}") from error


@contextmanager
def _raw_input(enabled: bool) -> Iterator[None]:
    """Every key goes to the command, also those typed ahead; what was set before comes back at the end."""
    if not enabled or not os.isatty(0):
        yield
        return
    import termios
    import tty

    before = termios.tcgetattr(0)
    tty.setraw(0, termios.TCSADRAIN)
    try:
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)


@contextmanager
def _size_changes(enabled: bool, tell: Callable[[], None]) -> Iterator[None]:
    """Call ``tell`` in the event loop whenever the terminal's size changes."""
    if not enabled or not os.isatty(1):
        yield
        return
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(signal.SIGWINCH, tell)
    except (RuntimeError, ValueError, NotImplementedError):  # not the main thread
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGWINCH)
