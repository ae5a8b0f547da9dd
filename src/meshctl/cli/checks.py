"""What ``doctor`` looks at; each check gives one finding."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from meshctl.errors import ConfigError, MeshError
from meshctl.present.documents.doctor import Finding
from meshctl.present.units import size

if TYPE_CHECKING:
    from meshctl.engine.mesh import Mesh
    from meshctl.model.config import MeshConfig
    from meshctl.model.containers import Observed
    from meshctl.model.findings import Survey
    from meshctl.ports.runtime import Runtime

ROOM_NEEDED = 3 * 1024**3
SMALLEST_SCREEN = (80, 24)


def python() -> Finding:
    """The interpreter that runs this."""
    return Finding("python", "ok", ".".join(str(part) for part in sys.version_info[:3]))


def terminal() -> Finding:
    """Whether the app can be drawn on this stdout."""
    if not sys.stdout.isatty():
        return Finding("terminal", "skip", "stdout is no terminal")
    columns, rows = shutil.get_terminal_size()
    kind, encoding = os.environ.get("TERM", ""), sys.stdout.encoding.lower()
    seen = f"{columns}×{rows}, {kind or 'TERM is not set'}, {encoding}"
    if kind in ("", "dumb"):
        return Finding("terminal", "warn", seen, "export TERM=xterm-256color")
    if "utf" not in encoding:
        return Finding("terminal", "warn", seen, "export LANG=C.UTF-8")
    if columns < SMALLEST_SCREEN[0] or rows < SMALLEST_SCREEN[1]:
        return Finding("terminal", "warn", seen, "make it 80×24 or larger for the app")
    return Finding("terminal", "ok", seen)


def room() -> Finding:
    """Disk room for images and data."""
    free = shutil.disk_usage("/").free
    if free < ROOM_NEEDED:
        return Finding("disk", "warn", f"{size(free)} free", "docker system prune")
    return Finding("disk", "ok", f"{size(free)} free")


def wrong_file(error: ConfigError) -> Finding:
    """Why there is no configuration. That a folder has none is nothing to mend on the machine."""
    if not error.file:
        return Finding("configuration", "skip", str(error), "meshctl init")
    line = f":{error.line}" if error.line else ""
    more = f" (and {len(error.others)} more)" if error.others else ""
    nearest = f"did you mean '{error.nearest}'?" if error.nearest else ""
    return Finding("configuration", "fail", f"{error.file}{line} {error}{more}", error.hint or nearest)


async def engine(containers: Runtime) -> Finding:
    """Whether a container engine answers this user."""
    try:
        info = await containers.info()
    except MeshError as error:
        return Finding("engine", "fail", str(error), error.hint)
    return Finding("engine", "ok", f"{info.name} {info.version} at {info.address}")


def base_images(config: MeshConfig) -> list[str]:
    """The images that ``up`` pulls if they are not here."""
    from meshctl.core.plan.request import image_reference

    plain = (spec for spec in config.services.values() if spec.image and spec.build is None and not spec.profiles)
    return sorted({image_reference(config, spec) for spec in plain})


def images(config: MeshConfig, observed: Observed) -> Finding:
    """Whether ``up`` has to reach a container registry."""
    wanted = base_images(config)
    missing = [image for image in wanted if image not in observed.images]
    if not missing:
        return Finding("images", "ok", "all base images are here" if wanted else "none has to be pulled")
    mend = "meshctl up pulls them; where no container registry answers: make images"
    return Finding("images", "warn", f"not here yet: {', '.join(missing)}", mend)


async def ports(mesh: Mesh, observed: Observed, is_free: Callable[[str, int], bool]) -> Finding:
    """Whether the fixed host ports of the file are free, or held by those who want them."""
    info = await mesh.runtime.info()
    if info.address.startswith(("tcp:", "ssh:", "http")):
        return Finding("ports", "skip", "the engine publishes them on another machine")
    wanted = _fixed_ports(mesh.config, {container.service for container in observed.containers})
    if not wanted:
        return Finding("ports", "ok", "no fixed TCP port is wanted")
    holders = _holders(observed)
    own = {number for service, _, number in wanted if service in holders.get(number, ())}
    rivals = {number: next(iter(holders[number])) for _, _, number in wanted if number in holders and number not in own}
    others = [number for _, host, number in wanted if number not in holders and not is_free(host, number)]
    if rivals or others:
        taken = [(number, name) for name, _, number in wanted if number in rivals or number in others]
        clashes = ", ".join(
            f"{number} ({name}{f', by {rivals[number]}' if number in rivals else ''})" for number, name in taken
        )
        mend = (
            f"stop what listens there (ss -ltnp 'sport = :{others[0]}'), or take another `published`" if others else ""
        )
        return Finding("ports", "fail", f"taken: {clashes}", mend or "give one of the two another `published`")
    free = len(wanted) - len(own)
    held = (f"{len(own)} held by this project",) if own else ()
    left = (f"{free} free",) if free else ()
    return Finding("ports", "ok", f"{', '.join((*held, *left))} of {len(wanted)} fixed")


def _fixed_ports(config: MeshConfig, there: set[str]) -> list[tuple[str, str, int]]:
    """Service, address and number; those of profiles only where the service has containers."""
    return [
        (spec.name, port.host_ip, port.published)
        for spec in config.services.values()
        for port in spec.ports
        if port.published and port.protocol == "tcp" and (not spec.profiles or spec.name in there)
    ]


def _holders(observed: Observed) -> dict[int, set[str]]:
    """By published port: the services of the project that hold it."""
    holders: dict[int, set[str]] = {}
    for container in observed.containers:
        for address in container.ports.values():
            number = address.rpartition(":")[2]
            if number.isdecimal():
                holders.setdefault(int(number), set()).add(container.service)
    return holders


async def registry(mesh: Mesh, observed: Observed) -> Finding:
    """Whether the service registry answers, and what it lists."""
    from meshctl.core.registry import fold_checks
    from meshctl.core.resolve import registry_address

    name = mesh.config.registry
    if not name:
        return Finding("registry", "skip", "the file names none")
    address = registry_address(mesh.config, observed.containers)
    if address is None:
        return Finding("registry", "skip", f"{name} is not up", f"meshctl up {name}")
    connection = mesh.connect_registry(address)
    try:
        listed = await connection.registrations()
    except MeshError as error:
        return Finding("registry", "fail", f"{name} at {address}: {error}", f"meshctl restart {name}")
    finally:
        await connection.close()
    passing = sum(fold_checks(entry.checks).value == "passing" for entry in listed)
    return Finding("registry", "ok", f"{name} at {address}: {passing} of {len(listed)} instances passing")


async def collector(mesh: Mesh, observed: Observed) -> Finding:
    """Whether the collector of traces answers, and what it keeps."""
    from meshctl.core.resolve import collector_address
    from meshctl.threads import run_in_thread

    name = mesh.config.collector
    if not name:
        return Finding("collector", "skip", "the file names none")
    try:
        address = collector_address(mesh.config, observed.containers)
    except MeshError as error:
        return Finding("collector", "skip", str(error), error.hint)
    try:
        status = await run_in_thread(mesh.collectors.reader(address).status)
    except MeshError as error:
        return Finding("collector", "fail", str(error), f"meshctl restart {name}")
    kept = f"{status.traces:,} trace{'' if status.traces == 1 else 's'} in {size(status.bytes)}"
    return Finding("collector", "ok", f"{name} at {address}: {kept}")


def stack(survey: Survey | None) -> Finding:
    """How the project goes and what is wrong first, None when it is not up."""
    from meshctl.present.findings import finding_sentence, waiting
    from meshctl.present.mends import mend_text

    if survey is None:
        return Finding("stack", "skip", "not up", "meshctl up")
    bad = [status.service for status in survey.services if status.ready < status.desired]
    well = f"{len(survey.services) - len(bad)} of {len(survey.services)} services ready"
    if survey.findings:
        first, more = survey.findings[0], len(survey.findings) - 1
        sentence = finding_sentence(first, waiting(survey.services), survey.time)
        told = f"{well}: {sentence}{f' (+{more} more)' if more else ''}"
        return Finding("stack", "warn", told, mend_text(first) or "meshctl why")
    return Finding("stack", "warn" if bad else "ok", well, f"meshctl logs {bad[0]}" if bad else "")
