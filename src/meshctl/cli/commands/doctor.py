"""``meshctl doctor``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from meshctl.cli import checks
from meshctl.cli.context import World, output_of, run_async, whole_config
from meshctl.cli.diagnostics import Exit
from meshctl.errors import ConfigError, MeshError
from meshctl.present.documents.doctor import Finding, finding_to_data
from meshctl.present.lines import BAD, GOOD, MUTED, WARN, Line, Segment
from meshctl.present.text import pad

if TYPE_CHECKING:
    from meshctl.engine.mesh import Mesh
    from meshctl.model.config import MeshConfig

#: Cells of the names of the checks.
_CHECK = 14
_LOOKS = {"ok": ("✔", GOOD), "warn": ("▲", WARN), "fail": ("✖", BAD), "skip": ("–", MUTED)}


def run(options: argparse.Namespace, world: World) -> int:
    """Look at everything meshctl needs; exit 3 when something is missing."""
    config, configuration = _configuration(options, world)
    here = [checks.python(), checks.terminal(), checks.room(), configuration]
    findings = [*here, *run_async(_world(world, config))]
    out = output_of(options)
    if options.json:
        out.data([finding_to_data(finding) for finding in findings])
    else:
        out.lines([line for finding in findings for line in _lines(finding)])
    return Exit.ENVIRONMENT if any(finding.status == "fail" for finding in findings) else Exit.DONE


def _configuration(options: argparse.Namespace, world: World) -> tuple[MeshConfig | None, Finding]:
    """Where the file cannot be used, the labels of the project's containers tell what else to look at."""
    try:
        config = whole_config(options)
    except ConfigError as error:
        from meshctl.cli.recovered import recovered

        wrong = checks.wrong_file(error)
        try:
            config = recovered(options, world.find_containers, error)
        except MeshError:
            return None, wrong
        if wrong.status == "skip":  # nobody needs a file here
            return config, Finding("configuration", "warn", config.partial)
        return config, Finding("configuration", "warn", config.partial, wrong.mend) if config.file else wrong
    return config, Finding("configuration", "ok", f"{config.file}: {config.name}, {len(config.services)} services")


async def _world(world: World, config: MeshConfig | None) -> list[Finding]:
    if config is None:
        engine = world.open_runtime()
        try:
            return [await checks.engine(engine)]
        finally:
            await engine.close()
    mesh = world.open_mesh(config)
    try:
        answers = await checks.engine(mesh.runtime)
        return [answers, *(await _project(world, mesh) if answers.status == "ok" else ())]
    finally:
        await mesh.close()


async def _project(world: World, mesh: Mesh) -> list[Finding]:
    from meshctl.engine.survey import take_survey

    try:
        observed = await mesh.runtime.observe(mesh.config.name, checks.base_images(mesh.config))
        survey = await take_survey(mesh) if observed.containers else None
    except MeshError as error:
        return [Finding("stack", "fail", str(error), error.hint)]
    return [
        checks.images(mesh.config, observed),
        await checks.ports(mesh, observed, world.port_is_free),
        await checks.registry(mesh, observed),
        await checks.collector(mesh, observed),
        checks.stack(survey),
    ]


def _lines(finding: Finding) -> list[Line]:
    mark, tone = _LOOKS[finding.status]
    lines: list[Line] = [(Segment(f" {mark} ", tone), Segment(pad(finding.check, _CHECK)), Segment(finding.detail))]
    if finding.mend:
        lines.append((Segment(" " * (3 + _CHECK)), Segment(f"→ {finding.mend}", MUTED)))
    return lines
