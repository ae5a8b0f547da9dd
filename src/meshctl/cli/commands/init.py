"""``meshctl init``."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

from meshctl.cli import diagnostics
from meshctl.cli.context import World, output_of
from meshctl.cli.diagnostics import Exit
from meshctl.errors import UsageError

_COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
_REGISTRY = "consul"
_USUAL_PORT = 8000
_MOST_SERVICES = 50
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
        from meshctl.present.documents.config import written_to_data

        output_of(options).data(written_to_data(str(target)))
    diagnostics.note(f"wrote {target}; meshctl config checks it, meshctl up --dry-run shows what would happen")
    return Exit.DONE


def _from_compose(compose: Path) -> str:
    text = compose.read_text(encoding="utf-8")
    has_name = any(line.startswith("name:") for line in text.splitlines())
    return f"{_HEAD}# Taken over from {compose}.\n" + ("" if has_name else f"name: {_name(Path())}\n") + text


def _from_dockerfiles(folder: Path) -> str:
    found = sorted({*folder.glob("Dockerfile"), *folder.glob("*/Dockerfile")})[:_MOST_SERVICES]
    lines = [_HEAD + f"name: {_name(folder)}", "services:"]
    names = {_REGISTRY}
    for dockerfile in found:
        name = _unique(_name(dockerfile.parent), names)
        lines += _service(name, dockerfile, "." if dockerfile.parent == folder else f"./{dockerfile.parent.as_posix()}")
    if not found:
        lines += [f"  # {line[2:]}" for line in _service("web", folder / "Dockerfile", ".")]
    lines += [
        f"  {_REGISTRY}:",
        "    image: ${MESH_CONSUL_IMAGE:-hashicorp/consul:1.20}",
        "    command: [agent, -dev, -client, 0.0.0.0]",
        "    ports: [{name: http, target: 8500, app_protocol: http}]",
        "    healthcheck: {http: /v1/status/leader, port: http}",
    ]
    return "\n".join(lines) + "\n"


def _service(name: str, dockerfile: Path, context: str) -> list[str]:
    return [
        f"  {name}:",
        f"    build: {{context: {json.dumps(context, ensure_ascii=False)}}}",
        f"    ports: [{{name: http, target: {_exposed(dockerfile)}, app_protocol: http}}]",
        '    healthcheck: {http: /health, port: http}  # or {tcp: true}, {grpc: ""}, {test: [CMD, …]}',
        f"    # mesh: {{register: {name}}}  # once it registers itself in Consul: `up` waits for that",
        f"    depends_on: {{{_REGISTRY}: {{condition: service_healthy}}}}",
    ]


def _exposed(dockerfile: Path) -> int:
    """The first port that the image says it listens on."""
    text = dockerfile.read_text(encoding="utf-8", errors="replace") if dockerfile.is_file() else ""
    found = re.search(r"^\s*EXPOSE\s+(\d{1,5})\b", text, re.IGNORECASE | re.MULTILINE)
    return int(found[1]) if found and 0 < int(found[1]) < 65536 else _USUAL_PORT


def _unique(name: str, names: set[str]) -> str:
    """The name, or it with the first free number; it is added to ``names``."""
    free = next(n for n in (name, *(f"{name}-{i}" for i in range(2, len(names) + 3))) if n not in names)
    names.add(free)
    return free


def _name(folder: Path) -> str:
    """The folder's name in letters, digits, ``-`` and ``_``, beginning with a letter."""
    word = re.sub(r"[^a-z0-9_-]+", "-", folder.resolve().name.lower()).strip("-_")
    return word if word[:1].isalpha() else f"mesh-{word}".rstrip("-")
