"""``meshctl down``."""

from __future__ import annotations

import argparse

from meshctl.cli import diagnostics
from meshctl.cli.context import World, output_of, with_session
from meshctl.cli.diagnostics import Exit
from meshctl.cli.progress import progress
from meshctl.present.documents.lifecycle import down_to_data
from meshctl.present.units import duration


def run(options: argparse.Namespace, world: World) -> int:
    """Remove containers and networks of the project, its data with ``-v``."""
    with progress(options) as sink:
        report = with_session(
            options,
            world,
            lambda session: session.lifecycle.down(volumes=options.volumes, timeout_s=options.timeout, sink=sink),
        )
    for failure in report.failures:
        diagnostics.report_failure(failure)
    if options.json:
        output_of(options).data(down_to_data(report))
    elif not options.quiet:
        gone = (
            f"removed {report.removed} in {duration(report.elapsed_ms / 1000)}" if report.removed else "nothing to do"
        )
        diagnostics.note(f"{report.project}: {gone}")
    return report.error.exit_code if report.error else Exit.DONE
