"""Imports run one way, the stack and meshctl share only the wire, and rooms stay small."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LARGEST_MODULE = 320


def sources(folder: str) -> list[Path]:
    return [path for path in (ROOT / folder).rglob("*.py") if not path.stem.endswith(("_pb2", "_pb2_grpc"))]


def test_the_import_contracts_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_stack_and_meshctl_never_import_each_other() -> None:
    ours = re.compile(r"^\s*(from|import) meshctl\b", re.MULTILINE)
    theirs = re.compile(r"^\s*(from|import) (meshkit|mesh_protos)\b", re.MULTILINE)
    assert [path for path in sources("stack") if ours.search(path.read_text())] == []
    assert [path for path in sources("src") if theirs.search(path.read_text())] == []


def test_no_module_outgrows_its_room() -> None:
    sizes = {str(path.relative_to(ROOT)): path.read_text().count("\n") for path in sources("src") + sources("stack")}
    assert {path: size for path, size in sizes.items() if size > LARGEST_MODULE} == {}


def test_only_output_and_diagnostics_write_to_the_streams() -> None:
    writes = re.compile(r"\bprint\(|sys\.std(out|err)\.write")
    writers = {path.name for path in sources("src") if writes.search(path.read_text())}
    assert writers <= {"output.py", "diagnostics.py"}
