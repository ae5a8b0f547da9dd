"""``meshctl doctor``."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from meshctl.cli.context import config_of, output_of
from meshctl.cli.diagnostics import Exit
from meshctl.errors import ConfigError, MeshError
from meshctl.present.lines import BAD, GOOD, MUTED, WARN, Line, Span
from meshctl.present.units import size

if TYPE_CHECKING:
    from meshctl.model.config import MeshConfig

_ROOM_NEEDED = 3 * 1024**3
_LOOKS = {"ok": ("✔", GOOD), "warn": ("▲", WARN), "fail": ("✖", BAD), "skip": ("–", MUTED)}


@dataclass(frozen=True, slots=True)
class Finding:
    """``status`` ok, warn, fail or skip; ``mend`` is the command or step that helps, '' if none is needed."""

    check: str
    status: str
    detail: str
    mend: str = ""


def run(options: argparse.Namespace) -> int:
    """Look at everything meshctl needs; exit 3 when something is missing."""
    config, configuration = _configuration(options)
    findings = [_python(), configuration, _room(), *asyncio.run(_engine(config))]
    out = output_of(options)
    if options.json:
        out.data([asdict(finding) for finding in findings])
    else:
        out.lines([line for finding in findings for line in _lines(finding)])
    return Exit.ENVIRONMENT if any(finding.status == "fail" for finding in findings) else Exit.DONE


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Finding("python", "ok", version)


def _configuration(options: argparse.Namespace) -> tuple[MeshConfig | None, Finding]:
    try:
        config = config_of(options)
    except ConfigError as error:
        line = f":{error.line}" if error.line else ""
        return None, Finding("configuration", "fail", f"{error.file}{line} {error}".strip(), error.hint)
    return config, Finding("configuration", "ok", f"{config.file}: {config.name}, {len(config.services)} services")


def _room() -> Finding:
    free = shutil.disk_usage("/").free
    if free < _ROOM_NEEDED:
        return Finding("disk", "warn", f"{size(free)} free", "docker system prune")
    return Finding("disk", "ok", f"{size(free)} free")


async def _engine(config: MeshConfig | None) -> list[Finding]:
    from meshctl.bootstrap import open_engine

    engine = open_engine()
    try:
        info = await engine.info()
        found = [Finding("engine", "ok", f"{info.name} {info.version} at {info.address}")]
        if config is not None:
            found += await _project(config)
        return found
    except MeshError as error:
        return [Finding("engine", "fail", str(error), error.hint)]
    finally:
        await engine.close()


async def _project(config: MeshConfig) -> list[Finding]:
    from meshctl.bootstrap import open_mesh
    from meshctl.core.plan.request import image_reference
    from meshctl.engine.survey import survey

    mesh = open_mesh(config)
    try:
        pulled = {
            image_reference(config, spec)
            for spec in config.services.values()
            if spec.build is None and not spec.profiles
        }
        observed = await mesh.containers.observe(config.name, sorted(pulled))
        missing = sorted(pulled - set(observed.images))
        findings = [_images(missing, len(pulled))]
        if observed.containers:
            services = await survey(mesh)
            bad = [status.service for status in services if status.ready < status.desired]
            well = f"{len(services) - len(bad)} of {len(services)} services ready"
            findings.append(Finding("stack", "warn" if bad else "ok", well, f"meshctl logs {bad[0]}" if bad else ""))
        else:
            findings.append(Finding("stack", "skip", "not up", "meshctl up"))
        return findings
    finally:
        await mesh.close()


def _images(missing: list[str], wanted: int) -> Finding:
    if not missing:
        return Finding("images", "ok", f"all {wanted} base images are here")
    return Finding(
        "images",
        "warn",
        f"not here yet: {', '.join(missing)}",
        "meshctl up pulls them; where no container registry answers: make images",
    )


def _lines(finding: Finding) -> list[Line]:
    mark, tone = _LOOKS[finding.status]
    lines: list[Line] = [(Span(f" {mark} ", tone), Span(f"{finding.check:<14}"), Span(finding.detail))]
    if finding.mend:
        lines.append((Span(f"   {'':<14}"), Span(f"→ {finding.mend}", MUTED)))
    return lines
