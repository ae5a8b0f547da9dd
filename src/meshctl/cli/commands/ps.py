"""``meshctl ps``."""

from __future__ import annotations

import argparse
import time

from meshctl.cli.context import World, output_of, with_session
from meshctl.cli.diagnostics import Exit


def run(options: argparse.Namespace, world: World) -> int:
    """A look: exits 0 whatever it sees, as long as it could look."""
    survey = with_session(options, world, lambda session: session.survey(options.services))
    out = output_of(options)
    if options.json:
        from meshctl.present.documents.services import services_to_data

        out.data(services_to_data(survey.services, time.time()))
    else:
        from meshctl.present.services_table import services_table

        out.lines(services_table(survey.services, now=time.time()))
    return Exit.DONE
