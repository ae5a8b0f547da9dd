"""``meshctl why``."""

from __future__ import annotations

import argparse
import shutil

from meshctl.cli.context import World, mends_from_here, output_of, with_session
from meshctl.cli.diagnostics import Exit
from meshctl.present.findings import concerning, waiting

#: Columns where there is no terminal.
_PIPED_WIDTH = 160


def run(options: argparse.Namespace, world: World) -> int:
    """A look: exits 0 whatever it finds, as long as it could look."""
    survey = with_session(options, world, lambda session: session.survey(options.services))
    survey = mends_from_here(survey, options)
    out = output_of(options)
    if options.json:
        from meshctl.present.documents.findings import findings_to_data

        found = concerning(survey.findings, options.services)
        out.data(findings_to_data(found, waiting(survey.services), survey.time))
    else:
        from meshctl.present.why import why_report

        width = shutil.get_terminal_size((_PIPED_WIDTH, 24)).columns
        out.lines(why_report(survey.services, survey.findings, options.services, survey.time, width))
    return Exit.DONE
