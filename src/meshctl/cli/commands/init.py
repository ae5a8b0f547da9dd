"""``meshctl init``."""

from __future__ import annotations

import argparse
from pathlib import Path

from meshctl.cli import diagnostics
from meshctl.cli.context import World, output_of
from meshctl.cli.diagnostics import Exit
from meshctl.errors import UsageError

_COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
_HEAD = """\
# Under `services:` everything means what it means in the Compose Specification.
# Beside it stand `healthcheck: {http|grpc|tcp: …}` and `mesh: {register: NAME}`; see meshctl config --schema.
"""


def run(options: argparse.Namespace, world: World) -> int:
    """Write a first meshctl.yaml from what lies in this folder; never overwrite one."""
    target = Path(options.file or "meshctl.yaml")
    compose = next((Path(name) for name in _COMPOSE if Path(name).is_file()), None)
    text = _from_compose(compose) if compose else _from_dockerfiles(Path())
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{target} is already there", hint="meshctl config shows what it says") from None
    except OSError as error:
        raise UsageError(f"cannot write {target}: {error.strerror}") from None
    if options.json:
        output_of(options).data({"file": str(target)})
    diagnostics.note(f"wrote {target}; meshctl config checks it, meshctl up --dry-run shows what would happen")
    return Exit.DONE


def _from_compose(compose: Path) -> str:
    text = compose.read_text(encoding="utf-8")
    has_name = any(line.startswith("name:") for line in text.splitlines())
    return f"{_HEAD}# Taken over from {compose}.\n" + ("" if has_name else f"name: {_name(Path())}\n") + text


def _from_dockerfiles(folder: Path) -> str:
    found = sorted({*folder.glob("Dockerfile"), *folder.glob("*/Dockerfile")})[:50]
    lines = [_HEAD + f"name: {_name(folder)}", "services:"]
    for dockerfile in found:
        context = dockerfile.parent
        lines += [
            f"  {_name(context)}:",
            f"    build: {{context: {'.' if context == folder else './' + context.as_posix()}}}",
            "    ports: [{name: http, target: 8000, app_protocol: http}]",
            "    healthcheck: {http: /health, port: http}",
            f"    mesh: {{register: {_name(context)}}}",
        ]
        lines.append("    depends_on: {consul: {condition: service_healthy}}")
    if not found:
        lines.append("  # web:")
        lines.append("  #   build: {context: .}")
        lines.append("  #   ports: [{name: http, target: 8000, app_protocol: http}]")
        lines.append("  #   healthcheck: {http: /health, port: http}")
    lines += [
        "  consul:",
        "    image: ${MESH_CONSUL_IMAGE:-hashicorp/consul:1.20}",
        "    command: [agent, -dev, -client, 0.0.0.0]",
        "    ports: [{name: http, target: 8500, app_protocol: http}]",
        "    healthcheck: {http: /v1/status/leader, port: http}",
    ]
    return "\n".join(lines) + "\n"


def _name(folder: Path) -> str:
    word = "".join(c if c.isalnum() or c in "-_" else "-" for c in folder.resolve().name.lower()).strip("-_")
    return word or "mesh"
