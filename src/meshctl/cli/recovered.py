"""The configuration of a command that creates nothing, where the file cannot be used: what the engine's labels tell."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from meshctl.adapters.config_file import load_config
from meshctl.adapters.config_file.known import load_known, place_of
from meshctl.core.config.from_labels import (
    by_project,
    completed,
    config_from_labels,
    is_needed,
    made_from,
    project_of,
)
from meshctl.core.names import no_such
from meshctl.errors import ConfigError, MeshError
from meshctl.model.config import MeshConfig
from meshctl.model.containers import Container

if TYPE_CHECKING:
    from meshctl.core.config.known import KnownPart

#: How many variables are named.
_NAMED = 3
#: The containers of a project, of every one for ''. Raises RuntimeUnavailable.
Find = Callable[[str], Sequence[Container]]


def recovered(options: argparse.Namespace, find: Find, error: ConfigError) -> MeshConfig:
    """In place of the file that ``error`` is about.

    Raises it again where labels tell nothing, UsageError for a project that is not on the engine, RuntimeUnavailable.
    """
    try:
        known = load_known(options.file, project=options.project, environ=os.environ, cwd=str(Path.cwd()))
    except ConfigError as beside:
        return _by_labels(options, find, error, beside)
    return _without_variables(known, find, error)


def of_other_file(options: argparse.Namespace, find: Find, config: MeshConfig) -> MeshConfig:
    """``-p other`` is about the project of that name, if it was made from another file than the one found here."""
    containers = _found(find, config.name)
    files = made_from(containers) - {""}
    if not files or config.file in files:
        return config
    own = load_config(None, project=None, environ=os.environ, cwd=str(Path.cwd()))
    if own.name == config.name:
        return config
    return config_from_labels(config.name, containers, _told(f"{own.file} is {own.name}'s", config.name, containers))


def _without_variables(known: KnownPart, find: Find, error: ConfigError) -> MeshConfig:
    """The file, but for variables; where none is missing ``error`` is about an env file."""
    if not known.unset:
        return completed(known, (), f"{error}; only what creates containers needs it")
    one = len(known.unset) == 1
    more = len(known.unset) - _NAMED
    names = [*known.unset[:_NAMED], *([f"{more} more"] if more > 0 else [])]
    cause = f"{' and '.join(filter(None, (', '.join(names[:-1]), names[-1])))} {'is' if one else 'are'} not set"
    if not is_needed(known):
        return completed(known, (), f"{cause}; only what creates containers needs {'it' if one else 'them'}")
    containers = _found(find, known.config.name)
    needs = "needs it" if one else "needs them"
    return completed(known, containers, f"{cause}; what {needs} is as the containers' labels tell")


def _found(find: Find, project: str) -> Sequence[Container]:
    """() where no engine answers: the command itself says that best."""
    try:
        return find(project)
    except MeshError:
        return ()


def _by_labels(options: argparse.Namespace, find: Find, error: ConfigError, beside: ConfigError) -> MeshConfig:
    """``beside`` is what is wrong even with all variables: that is told when labels help, else ``error`` is raised."""
    place = place_of(options.file, environ=os.environ, cwd=str(Path.cwd()))
    try:
        projects = by_project(find(""))
    except MeshError:
        if options.project and not place.there:
            raise
        raise error from None
    name = options.project or project_of(place.files, place.name, place.folder, projects)
    if name not in projects:
        if options.project:
            raise no_such("project", name, projects, where="on this engine")
        if projects and not place.there:
            error.hint += f" -p NAME looks at a project without its file: {', '.join(sorted(projects))}."
        raise error
    cause = _wrong(beside) if place.there else str(error) if options.file else "no meshctl.yaml here"
    return config_from_labels(name, projects[name], _told(cause, name, projects[name]))


def _told(cause: str, project: str, containers: Sequence[Container]) -> str:
    files = made_from(containers) - {""}
    source = f" (made from {files.pop()})" if len(files) == 1 else ""
    return f"{cause}: {project} as its containers' labels tell{source}"


def _wrong(error: ConfigError) -> str:
    place = f"{error.file}:{error.line}" if error.line else error.file
    return f"{place} cannot be used, {error}" if place else str(error)
