"""Entry point: argv in, bytes out, an exit code back."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from meshctl import bootstrap
from meshctl.cli import diagnostics, output, parser
from meshctl.cli.context import World
from meshctl.cli.diagnostics import Exit
from meshctl.cli.help_text import GROUPS, overview
from meshctl.errors import MeshError, UsageError

#: Commands that share a module.
_HOMES = dict.fromkeys(("start", "stop", "restart", "pause", "unpause", "scale"), "lifecycle")


def main(argv: Sequence[str] | None = None, *, world: World = bootstrap) -> int:
    """Run one command; never raises and never shows a traceback unless ``-v -v`` asks for it."""
    options = argparse.Namespace(command="", verbose=0)
    try:
        try:
            options = parser.parse(sys.argv[1:] if argv is None else argv)
            code = _run(options, world)
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else Exit.DONE
        output.finish()
        return code
    except MeshError as error:
        with contextlib.suppress(MeshError):
            output.finish()
        return diagnostics.report(error, traceback=options.verbose > 1)
    except KeyboardInterrupt:
        if options.command in GROUPS["Lifecycle"]:
            diagnostics.note("interrupted; the next command carries on from here")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        return Exit.DONE
    except Exception as error:
        return diagnostics.internal(error, traceback=options.verbose > 1)


def entry() -> None:
    """The whole process. Ends it at once: tearing the interpreter down takes longer than a call."""
    _reopen_closed_streams()
    os._exit(main())


def _reopen_closed_streams() -> None:
    """A stream the shell has closed (``>&-``) is None in Python; nobody writes to one with care."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            stream = Path(os.devnull).open("r" if name == "stdin" else "w")  # noqa: SIM115 (open as long as we run)
            setattr(sys, name, stream)


def _run(options: argparse.Namespace, world: World) -> int:
    if options.command and not options.help:
        module = import_module(f"meshctl.cli.commands.{_HOMES.get(options.command, options.command)}")
        return int(module.run(options, world))
    if options.help:
        output.Output(as_json=False).text(overview())
        return Exit.DONE
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("no command, and this is no terminal for the app", hint="meshctl ps, or meshctl --help")
    return int(import_module("meshctl.cli.commands.app").run(options, world))
