"""README's links lead somewhere, in the repository and on the page of a package index."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
README = (ROOT / "README.md").read_text()


def links(text: str) -> list[str]:
    return re.findall(r"\]\((.+?)\)", text)


def test_a_path_in_readme_names_a_file() -> None:
    paths = [link for link in links(README) if "://" not in link]
    assert paths
    assert [path for path in paths if not (ROOT / path).is_file()] == []


def test_a_package_index_gets_addresses_and_images_as_they_are() -> None:
    text = README
    for rule in PROJECT["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]["substitutions"]:
        text = re.sub(rule["pattern"], rule["replacement"], text)
    home = PROJECT["project"]["urls"]["Homepage"]
    assert [link for link in links(text) if not link.startswith("https://")] == []
    assert all(link.startswith(f"{home}/blob/HEAD/") for link in re.findall(r"[^!]\[[^]]+\]\((.+?)\)", text))
    images = re.findall(r"!\[.+?\]\((.+?)\)", text)
    assert images == [f"https://raw.githubusercontent.com/{home.partition('.com/')[2]}/HEAD/{p}" for p in shown()]


def shown() -> list[str]:
    """Paths of README's pictures."""
    return re.findall(r"!\[.+?\]\((.+?)\)", README)
