"""``python -m meshctl``."""

from meshctl.cli.main import entry

entry()
