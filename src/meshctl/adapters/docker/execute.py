"""Commands inside a container: with their output collected, or attached to this terminal."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from meshctl.adapters.docker.client import Client, url_of
from meshctl.adapters.docker.log_lines import frames
from meshctl.adapters.docker.stream_handle import Cancelled, StreamHandle, connected_socket
from meshctl.adapters.docker.wire import Wire, failed
from meshctl.errors import DeadlineExceeded, OperationFailed, RuntimeUnavailable
from meshctl.model.containers import ExecResult
from meshctl.threads import run_in_thread

if TYPE_CHECKING:
    from docker.api.client import APIClient
    from requests import Response

#: Of a longer output the end is kept.
MAX_OUTPUT = 1024 * 1024
_CHUNK = 1 << 16
_POLL_S = 0.02
_UPGRADE = {"Connection": "Upgrade", "Upgrade": "tcp"}


class DockerExec:
    """``ports.runtime.Exec``."""

    def __init__(self, client: Client, wire: Wire) -> None:
        self._client = client
        self._wire = wire

    async def run(self, instance: str, command: Sequence[str], timeout_s: float) -> ExecResult:
        """Docker cannot end what still runs after ``timeout_s``."""
        return await run_in_thread(lambda: _run(self._wire, instance, command, timeout_s))

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


def _run(wire: Wire, container_id: str, command: Sequence[str], timeout_s: float) -> ExecResult:
    deadline = time.monotonic() + timeout_s
    try:
        exec_id = wire.post(f"/containers/{container_id}/exec", _wanted(command), timeout_s)["Id"]
        output = bytearray()
        chunks = wire.chunks(f"/exec/{exec_id}/start", {"Detach": False, "Tty": False}, _left(deadline))
        for _, payload in frames(chunks):
            output += payload
            del output[:-MAX_OUTPUT]
        while (code := _code(wire.get(f"/exec/{exec_id}/json"))) is None:
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(_POLL_S)
    except (RuntimeUnavailable, TimeoutError) as error:
        if time.monotonic() < deadline:
            raise
        raise DeadlineExceeded(f"`{' '.join(command)}` did not end within {timeout_s:g} s.") from error
    return ExecResult(exit_code=code, output=output.decode("utf-8", "replace"))


def _left(deadline: float) -> float:
    return max(0.001, deadline - time.monotonic())


def _wanted(command: Sequence[str], *, stdin: bool = False, tty: bool = False) -> dict[str, Any]:
    return {"Cmd": list(command), "AttachStdin": stdin, "AttachStdout": True, "AttachStderr": True, "Tty": tty}


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


def _code(answer: dict[str, Any]) -> int | None:
    """None: still running. The output can end a moment before Docker has noted the exit."""
    code = answer.get("ExitCode")
    return None if answer.get("Running") or code is None else int(code)


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
            json=_wanted(self._command, stdin=True, tty=self._tty),
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
                self._copy_output(stream)
            except BrokenPipeError:  # who read our output has gone
                return 128 + signal.SIGPIPE
            finally:
                os.write(self._wake_write, b".")
                stdin.join()
        finally:
            self._handle.release()
        while (code := _code(api.exec_inspect(exec_id))) is None:
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
        with contextlib.suppress(OSError, ValueError):
            size = os.get_terminal_size(1)
            api.exec_resize(self._exec_id, height=size.lines, width=size.columns)

    def _copy_output(self, stream: io.BufferedReader) -> None:
        chunks = iter(lambda: stream.read1(_CHUNK), b"")
        if self._tty:
            for chunk in chunks:
                _write(1, chunk)
            return
        for name, payload in frames(chunks):
            _write(2 if name == "stderr" else 1, payload)

    def _forward_stdin(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            while True:
                ready, _, _ = select.select([0, self._wake_read], [], [])
                if self._wake_read in ready:
                    return
                data = os.read(0, _CHUNK)
                if not data:
                    break
                sock.sendall(data)
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_WR)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


@contextlib.contextmanager
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


@contextlib.contextmanager
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
