"""Every error meshctl raises on purpose.

    MeshError                     exit 1   it ran and the answer is bad
    ├── UsageError                exit 2   wrong words on the command line, unknown service
    ├── NotPossible               exit 2   what is asked of a recording, and only a running mesh can do
    ├── ConfigError               exit 2   a wrong file: path, line, key, nearest known key
    ├── EnvironmentMissing        exit 3   something this machine or project lacks
    │   ├── RuntimeUnavailable              no runtime answers
    │   ├── RegistryUnavailable            no registry answers
    │   ├── CollectorUnavailable           no collector answers
    │   └── ImageUnavailable               an image is neither here, nor can it be pulled
    ├── DeadlineExceeded          exit 4   waited as long as was asked
    ├── OperationFailed                        the runtime refused one operation
    │   ├── PortInUse
    │   ├── BuildFailed                    an image cannot be built from its Dockerfile
    │   ├── CannotRun             exit 126  a command inside an instance cannot be started
    │   │   └── NoSuchCommand     exit 127  there is no such program
    │   ├── NotFound                       the object is no longer there
    │   └── CommandLeft                    an earlier command still runs inside, and cannot be ended
    ├── ServiceFailed                      a service did not become ready
    ├── NoHealthyInstance                  the registry has no passing instance of a service
    └── CallError                          a request got no usable answer
        └── CallTimeout           exit 4

Each carries a one-sentence ``hint``: what to do next. The command line maps
``exit_code`` to the exit status of the process.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class MeshError(Exception):
    """Root of the tree. ``str(error)`` is one sentence, ``hint`` is the next step or ''."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(MeshError):
    """The command line cannot be understood or names something that is not there."""

    exit_code = 2


class NotPossible(MeshError):
    """This session cannot do it, whatever state the mesh is in."""

    exit_code = 2


class ConfigError(MeshError):
    """A configuration file is wrong.

    ``file`` is the path as given, ``line`` is 1-based or None, ``path`` is dotted
    (``services.orders.healthcheck.interval``), ``nearest`` a known key or ''. ``others`` are the
    further problems of the same file, in its order.
    """

    exit_code = 2

    def __init__(
        self,
        message: str,
        *,
        file: str = "",
        line: int | None = None,
        path: str = "",
        nearest: str = "",
        hint: str = "",
        others: Sequence[ConfigError] = (),
    ) -> None:
        super().__init__(message, hint=hint)
        self.file = file
        self.line = line
        self.path = path
        self.nearest = nearest
        self.others = tuple(others)


class EnvironmentMissing(MeshError):
    """Something outside meshctl that the command needs is not there."""

    exit_code = 3


class RuntimeUnavailable(EnvironmentMissing):
    """No runtime answers."""


class RegistryUnavailable(EnvironmentMissing):
    """No service registry answers."""


class CollectorUnavailable(EnvironmentMissing):
    """No collector answers: no trace can be read or sent."""


class ImageUnavailable(EnvironmentMissing):
    """An image, or the one that it is built from, is neither here, nor can it be pulled. ``log``: of the build."""

    def __init__(self, message: str, *, hint: str = "", log: Sequence[str] = ()) -> None:
        super().__init__(message, hint=hint)
        self.log = tuple(log)


class DeadlineExceeded(MeshError):
    """The time that was given ran out."""

    exit_code = 4


class OperationFailed(MeshError):
    """The runtime refused or failed one operation."""


class PortInUse(OperationFailed):
    """A host port that a service asks for is taken."""


class BuildFailed(OperationFailed):
    """A step of a Dockerfile failed. ``log`` is the end of the output."""

    def __init__(self, message: str, *, hint: str = "", log: Sequence[str] = ()) -> None:
        super().__init__(message, hint=hint)
        self.log = tuple(log)


class CannotRun(OperationFailed):
    """The command that was to run inside an instance could not be started; the exit codes are a shell's."""

    exit_code = 126


class NoSuchCommand(CannotRun):
    """There is no such program inside the instance."""

    exit_code = 127


class NotFound(OperationFailed):
    """The object the operation names no longer exists."""


class CommandLeft(OperationFailed):
    """No further command is started inside an instance: an earlier one could not be ended."""


class ServiceFailed(MeshError):
    """A service did not become ready. ``log`` holds its last lines, ``exit_status`` what its process left."""

    def __init__(
        self,
        message: str,
        *,
        service: str = "",
        hint: str = "",
        log: Sequence[str] = (),
        exit_status: int | None = None,
        oom_killed: bool = False,
    ) -> None:
        super().__init__(message, hint=hint)
        self.service = service
        self.log = tuple(log)
        self.exit_status = exit_status
        self.oom_killed = oom_killed


class NoHealthyInstance(MeshError):
    """The registry has no passing instance of the service."""


class CallError(MeshError):
    """A request got no usable answer."""


class CallTimeout(CallError):
    """A request was not answered in time."""

    exit_code = 4
