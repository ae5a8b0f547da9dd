"""The installed command, and ``python -m meshctl``: the signals first, then everything that has to be loaded."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` itself takes milliseconds: Ctrl-C would be a traceback


def entry() -> None:
    """Until a command asks for it (``cli.interrupts``), Ctrl-C ends the process by the signal, without a word."""
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)

    from meshctl.cli.main import entry as run

    run()


if __name__ == "__main__":
    entry()
