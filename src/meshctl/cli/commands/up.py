"""``meshctl up``."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from meshctl.cli import diagnostics
from meshctl.cli.arguments import counts
from meshctl.cli.context import World, mends_from_here, output_of, with_session
from meshctl.cli.diagnostics import Exit
from meshctl.cli.progress import Stopwatch, progress
from meshctl.engine.up import UpOptions
from meshctl.errors import UsageError
from meshctl.present.documents.lifecycle import plan_to_data, up_to_data
from meshctl.present.findings import finding_heads, nothing_up
from meshctl.present.plan_text import critical_text, plan_lines
from meshctl.present.services_table import services_table
from meshctl.present.units import duration

if TYPE_CHECKING:
    from meshctl.model.plan import UpReport


def run(options: argparse.Namespace, world: World) -> int:
    """Bring the stack up, or print the plan."""
    if options.ui and (options.json or options.dry_run or not (sys.stdin.isatty() and sys.stdout.isatty())):
        raise UsageError("--ui opens the app, which needs a terminal and goes with neither --json nor --dry-run")
    wanted = UpOptions(
        tuple(options.services),
        tuple(options.profile),
        options.build,
        options.timeout,
        counts(options.scale),
        share_volumes=options.share_volumes,
        remove_orphans=options.remove_orphans,
    )
    out = output_of(options)
    if options.dry_run:
        plan = with_session(options, world, lambda session: session.lifecycle.plan_up(wanted), whole=True)
        out.data(plan_to_data(plan)) if options.json else out.lines(plan_lines(plan))
        return Exit.DONE
    with progress(options) as sink:
        watch = Stopwatch(sink)
        report = with_session(options, world, lambda session: session.lifecycle.up(wanted, watch), whole=True)
    services, found = (report.survey.services, report.survey.findings) if report.survey is not None else ((), ())
    if options.json:
        out.data(up_to_data(report, services, time.time()))
    else:
        took = watch.seconds if report.changed else {}
        out.lines(services_table(services, took, now=time.time(), findings=found))
    _narrate(report, options)
    code = _code(report)
    if options.ui and code == Exit.DONE:
        from meshctl.cli.commands import app

        return app.run(options, world)
    return code


def _narrate(report: UpReport, options: argparse.Namespace) -> None:
    if not options.quiet:
        for note in report.notes:
            diagnostics.note(f"note: {note}")
    for failure in report.failures:
        diagnostics.report_failure(failure)
    if options.quiet or options.json:
        return
    if report.changed and report.critical_path:
        diagnostics.note(critical_text(report.critical_path))
    if report.trace_id:
        diagnostics.note(f"trace {report.trace_id[:8]}: meshctl traces show up")
    elapsed = duration(report.elapsed_ms / 1000)
    if not report.ready:
        diagnostics.note(f"{report.project} is not ready after {elapsed}")
        survey = report.survey
        if survey is not None and not nothing_up(survey.services):
            survey = mends_from_here(survey, options)
            diagnostics.redraw(0, finding_heads(survey.findings, survey.services, survey.time))
    elif report.changed:
        diagnostics.note(f"{report.project} is ready after {elapsed}")
    else:
        diagnostics.note(f"{report.project}: nothing to do, all is ready")


def _code(report: UpReport) -> int:
    if report.ready:
        return Exit.DONE
    return report.error.exit_code if report.error is not None else Exit.BAD
