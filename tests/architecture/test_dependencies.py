"""What is imported is declared, what is declared is used, and constraints.txt pins it."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
Requirements = dict[str, Requirement]  # by their names
OURS = {"bench", "mesh_protos", "meshctl", "meshkit", "stack", "tests"}

# Declared although no module imports it, and why.
UNIMPORTED = {
    "meshctl": {
        "httptools": "uvicorn parses with it, and the collector's protocol is a subclass of that parser's",
        "opentelemetry-sdk": "part of what meshctl promises to bring, for spans of its own",
        "prometheus-client": "part of what meshctl promises to bring, for metrics",
    },
    "meshkit": {"psycopg": "the driver that a DATABASE_URL names"},
    "stack": {
        "email-validator": "pydantic's EmailStr asks for it",
        "httptools": "uvicorn takes it where it is",
        "tzdata": "zones of PostgreSQL's times",
        "uvloop": "uvicorn takes it where it is",
    },
    "dev": {
        "celery-types": "read by mypy",
        "grpc-stubs": "read by mypy",
        "grpcio-tools": "scripts/protos",
        "httpie": "the peer of `make bench`",
        "import-linter": "make check",
        "mypy": "make check",
        "pytest-asyncio": "a plugin of pytest",
        "pytest-textual-snapshot": "a plugin of pytest",
        "ruff": "make check",
        "types-docker": "read by mypy",
        "types-protobuf": "read by mypy",
        "types-pyyaml": "read by mypy",
    },
}


@cache
def owners() -> dict[str, str]:
    """The distribution of each installed module, by the module's full name."""
    found: dict[str, str] = {}
    for one in distributions():
        for file in one.files or ():
            if file.suffix in {".py", ".so"}:
                parts = [*file.parts[:-1], file.name.partition(".")[0]]
                found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = canonicalize_name(one.name)
    return found


def imported(folder: str) -> set[str]:
    """Distributions that modules of the folder import, anywhere in them; a module that none owns by its own name."""
    return {
        owner(names)
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for names in modules(node)
    }


def modules(node: ast.AST) -> Iterator[tuple[str, ...]]:
    """Of an import of other people's code: for each name, what may be the module, the longest first."""
    whole: list[str] = []
    if isinstance(node, ast.Import):
        whole = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.level == 0:
        whole = [f"{node.module}.{alias.name}" for alias in node.names]
    for name in whole:
        parts = name.split(".")
        if parts[0] not in OURS | sys.stdlib_module_names | {"_typeshed"}:
            yield tuple(".".join(parts[:length]) for length in range(len(parts), 0, -1))


def owner(names: tuple[str, ...]) -> str:
    return next((owners()[name] for name in names if name in owners()), names[-1])


def declared(folder: str, *extras: str) -> Requirements:
    """The dependencies in a pyproject.toml; those of the extras alone if any is given."""
    table = tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]
    lines = [line for extra in extras for line in table["optional-dependencies"][extra]]
    return named(lines or table["dependencies"])


def listed(file: str) -> Requirements:
    """Those of a requirements.txt."""
    return named(line.partition("#")[0].strip() for line in (ROOT / file).read_text().splitlines())


def named(lines: Iterable[str]) -> Requirements:
    return {canonicalize_name(one.name): one for one in map(Requirement, filter(None, lines))}


MESHCTL = declared(".")
MESHKIT = declared("stack/meshkit") | declared("stack/meshkit", "celery", "redis")
STACK = listed("stack/requirements.txt")
COLLECTOR = listed("stack/collector/requirements.txt")
DEV = declared(".", "dev")


@pytest.mark.parametrize(
    ("folders", "asked", "beside", "who"),
    [
        (["src/meshctl"], MESHCTL, {}, "meshctl"),
        (["stack/meshkit/src"], MESHKIT, {}, "meshkit"),
        (["stack/meshkit/src", "stack/services"], STACK, {}, "stack"),
        (["tests", "bench"], DEV, MESHCTL | STACK, "dev"),
    ],
    ids=["meshctl", "meshkit", "stack", "dev"],
)
def test_imports_and_declarations_agree(
    folders: list[str], asked: Requirements, beside: Requirements, who: str
) -> None:
    used = set().union(*map(imported, folders))
    assert used - asked.keys() - beside.keys() == set(), "imported, not declared"
    assert asked.keys() - used == UNIMPORTED[who].keys(), "declared, not imported"


def test_images_of_the_stack_have_the_bounds_of_what_they_run() -> None:
    assert {name: STACK.get(name) for name in MESHKIT} == MESHKIT
    assert {name: one for name, one in MESHCTL.items() if name in COLLECTOR} == {
        name: one for name, one in COLLECTOR.items() if name != "uvloop"
    }


def test_a_next_major_version_waits_for_a_test_with_it() -> None:
    bounded = {name for table in (MESHCTL, MESHKIT, STACK) for name, one in table.items() if "<" in str(one.specifier)}
    assert (MESHCTL.keys() | MESHKIT.keys() | STACK.keys()) - bounded == {"tzdata"}  # numbered by the year


def test_constraints_pin_all_that_is_needed_and_no_more() -> None:
    done = subprocess.run([sys.executable, ROOT / "scripts/constraints"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
