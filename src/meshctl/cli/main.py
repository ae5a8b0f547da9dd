"""Entry point: argv in, bytes out, an exit code back."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from types import FrameType

from meshctl import __version__
from meshctl.cli import diagnostics, output, parser
from meshctl.cli.diagnostics import Exit
from meshctl.errors import MeshError, UsageError

#: Commands that share a module.
_HOMES = dict.fromkeys(("start", "stop", "restart", "pause", "unpause", "scale"), "lifecycle")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; never raises and never shows a traceback unless ``-v -v`` asks for it."""
    words = sys.argv[1:] if argv is None else list(argv)
    traceback = sum(word == "-v" for word in words) > 1 or "-vv" in words
    _ask_for_interrupt()
    try:
        code = _run(words)
        output.finish()
        return code
    except MeshError as error:
        output.finish()
        return diagnostics.report(error)
    except KeyboardInterrupt:
        diagnostics.note("interrupted; the next command carries on from here")
        return Exit.INTERRUPTED
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else Exit.DONE
    except BrokenPipeError:
        return Exit.DONE
    except Exception as error:
        return diagnostics.internal(error, traceback=traceback)


def entry() -> None:
    """The installed command. Ends the process at once: tearing the interpreter down takes longer than a call."""
    code = main()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _run(words: Sequence[str]) -> int:
    options = parser.parse(words)
    if not options.command:
        return _alone(options)
    if getattr(options, "help", False) or getattr(options, "version", False):
        return _alone(options)
    module = import_module(f"meshctl.cli.commands.{_HOMES.get(options.command, options.command)}")
    return int(module.run(options))


def _alone(options: object) -> int:
    out = output.Output(as_json=False)
    if getattr(options, "version", False):
        out.text(f"meshctl {__version__}")
        return Exit.DONE
    if getattr(options, "help", False):
        out.text(parser.overview())
        return Exit.DONE
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("no command, and this is no terminal for the app", hint="meshctl ps, or meshctl --help")
    return int(import_module("meshctl.cli.commands.app").run(options))


def _ask_for_interrupt() -> None:
    """SIGTERM ends a command as Ctrl-C does: what is under way is cleaned up."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    try:
        signal.signal(signal.SIGTERM, interrupt)
    except ValueError:
        return  # not the main thread: whoever runs us there handles signals
