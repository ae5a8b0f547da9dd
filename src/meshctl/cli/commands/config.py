"""``meshctl config``."""

from __future__ import annotations

import argparse

from meshctl.cli.context import World, output_of, whole_config
from meshctl.cli.diagnostics import Exit


def run(options: argparse.Namespace, world: World) -> int:
    """The resolved configuration with secrets masked: YAML for people, JSON for scripts; or the schema."""
    out = output_of(options)
    if options.schema:
        from meshctl.core.config.schema import json_schema

        out.data(json_schema())
        return Exit.DONE
    from meshctl.present.documents.config import config_to_data

    document = config_to_data(whole_config(options))
    if options.json:
        out.data(document)
    else:
        from meshctl.adapters.config_file import to_yaml

        out.text(to_yaml(document).rstrip())
    return Exit.DONE
