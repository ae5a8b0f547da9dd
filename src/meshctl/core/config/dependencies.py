"""``depends_on:``: reading it, and what must hold between the services of a file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from meshctl.core.config.keys import DEPENDENCY
from meshctl.core.config.problems import Problems
from meshctl.core.config.reader import Reader
from meshctl.core.config.scalars import boolean, choice, text
from meshctl.core.names import nearest
from meshctl.model.config import Condition, DependsOn, ServiceKind, ServiceSpec

Services = dict[str, ServiceSpec]


def read_dependencies(service: Reader, services: Collection[str]) -> tuple[DependsOn, ...]:
    """The dependencies of a service, list or mapping form, in the order of the file.

    One that is not among ``services`` is a problem, or left out when it is not required.
    """
    known: dict[str, DependsOn] = {}
    for edge, path in _edges(service):
        if edge.service in services:
            known[edge.service] = edge
        elif edge.required:
            name = service.path.rpartition(".")[2]
            others = [other for other in services if other != name]
            message = f"'{name}' depends on '{edge.service}', which is no service here"
            service.problems.add(path, message, nearest=nearest(edge.service, others))
    return tuple(known.values())


def settle(services: Mapping[str, ServiceSpec], explicit: Collection[str], problems: Problems) -> Services:
    """The services with their kinds settled; a circle of dependencies is a problem.

    A service without a registration that another waits for to complete is a job, unless its kind is
    written (``explicit``).
    """
    edges = [edge for spec in services.values() for edge in spec.depends_on]
    awaited = {edge.service for edge in edges if edge.condition is Condition.COMPLETED}
    settled = {
        name: replace(spec, kind=ServiceKind.JOB)
        if name in awaited and name not in explicit and spec.kind is ServiceKind.INFRASTRUCTURE
        else spec
        for name, spec in services.items()
    }
    cycle = find_cycle({name: [edge.service for edge in spec.depends_on] for name, spec in services.items()})
    if cycle:
        problems.add(
            f"services.{cycle[0]}.depends_on",
            f"services depend on each other in a circle: {' → '.join(cycle)}",
            hint="Remove one of these dependencies.",
        )
    return settled


def find_cycle(edges: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The first cycle, its start repeated at the end; () if there is none."""
    waiting = {name: set(needs) for name, needs in edges.items()}
    dependents: dict[str, list[str]] = {name: [] for name in edges}
    for name, needs in waiting.items():
        for need in needs:
            dependents[need].append(name)
    free = [name for name, needs in waiting.items() if not needs]
    while free:
        done = free.pop()
        del waiting[done]
        for name in dependents[done]:
            waiting[name].discard(done)
            if not waiting[name]:
                free.append(name)
    return _walk(edges, waiting) if waiting else ()


def _walk(edges: Mapping[str, Sequence[str]], left: Mapping[str, set[str]]) -> tuple[str, ...]:
    """Follow dependencies among ``left``, each of which has one there, until a service comes again."""
    trail: dict[str, None] = {}
    name = next(iter(left))
    while name not in trail:
        trail[name] = None
        name = next(need for need in edges[name] if need in left)
    names = list(trail)
    return (*names[names.index(name) :], name)


def _edges(service: Reader) -> Iterator[tuple[DependsOn, str]]:
    if not isinstance(service.raw("depends_on"), dict):
        for value, path in service.items("depends_on"):
            name = service.converted(value, path, text, "")
            if name:
                yield DependsOn(name), path
        return
    for name, value, path in service.entries("depends_on"):
        edge = Reader({} if value is None else value, path, DEPENDENCY, service.problems)
        condition = edge.get("condition", choice(Condition), Condition.STARTED.value)
        yield DependsOn(name, Condition(condition), edge.get("required", boolean, True)), path
