"""``meshctl ps``."""

from __future__ import annotations

import argparse

from meshctl.cli.context import World, mends_from_here, output_of, with_session
from meshctl.cli.diagnostics import Exit


def run(options: argparse.Namespace, world: World) -> int:
    """A look: exits 0 whatever it sees, as long as it could look."""
    survey = with_session(options, world, lambda session: session.survey(options.services))
    survey = mends_from_here(survey, options)
    out = output_of(options)
    if options.json:
        from meshctl.present.documents.services import services_to_data

        out.data(services_to_data(survey.services, survey.time))
    else:
        from meshctl.present.findings import NOTHING_UP, concerning, finding_heads, nothing_up
        from meshctl.present.services_table import services_table

        found = concerning(survey.findings, options.services)
        heads = finding_heads(found, survey.services, survey.time, whole=not options.services)
        if not options.services and nothing_up(survey.services):
            heads = [NOTHING_UP]
        out.lines([*heads, ()] if heads else [])
        out.lines(services_table(survey.services, now=survey.time, findings=found))
    return Exit.DONE
