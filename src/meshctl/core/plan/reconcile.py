"""What is desired against what is seen: the operations that lead from one to the other."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from meshctl.core.jobs import is_done, may_end
from meshctl.core.names import network_name
from meshctl.core.plan.builder import ALIVE, PlanBuilder
from meshctl.core.plan.digest import change_words, changed_settings, config_hash
from meshctl.core.plan.request import image_reference
from meshctl.core.plan.selection import dependents, require_known, selected, start_order
from meshctl.core.plan.volumes import refusal, sharing_note
from meshctl.core.text import counted
from meshctl.errors import UsageError
from meshctl.model.config import MAX_REPLICAS, MeshConfig, ServiceSpec
from meshctl.model.containers import (
    EVERY_CAPABILITY,
    LABEL_REPLICAS,
    Capability,
    Container,
    ContainerState,
    Observed,
)
from meshctl.model.plan import Plan

_LOST = {ContainerState.DEAD: "is dead", ContainerState.REMOVING: "is being removed"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a command asks for. ``scale`` overrides ``deploy.replicas``.

    ``keep``: what exists stays as it is, even if the file or its image has changed. ``share_volumes``: several
    instances may write to one volume. ``remove_orphans``: what has left the file goes, and is not only told.
    ``stopped``: containers whose end with 0 was asked for, so that they are not done.
    """

    services: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    scale: Mapping[str, int] = field(default_factory=dict)
    keep: bool = False
    share_volumes: bool = False
    remove_orphans: bool = False
    stopped: frozenset[str] = frozenset()


def reconcile(
    config: MeshConfig, observed: Observed, wanted: Wanted, can: frozenset[Capability] = EVERY_CAPABILITY
) -> Plan:
    """The plan on a runtime that ``can`` so much; its ``changes`` are empty when all is as desired.

    Raises UsageError for a name or count.
    """
    names = selected(config, wanted.services, wanted.profiles)
    _check_scale(config, wanted, names)
    draft = PlanBuilder(config, observed, can)
    draft.merge_networks()
    if not wanted.keep:
        _orphans(draft, remove=wanted.remove_orphans)
    for name in names:
        _service(draft, config.services[name], wanted)
    draft.registrations()
    return draft.plan()


def image_plan(config: MeshConfig, wanted: Wanted, can: frozenset[Capability] = EVERY_CAPABILITY) -> Plan:
    """Only the builds of what is selected, for ``--build``.

    Raises UsageError for an unknown service, and on a runtime that has no images.
    """
    if Capability.IMAGES not in can:
        raise UsageError("there is nothing to build: this runtime has no images", hint="Leave --build out.")
    draft = PlanBuilder(config, Observed(config.name), can)
    for name in selected(config, wanted.services, wanted.profiles):
        if config.services[name].build is not None:
            draft.image(config.services[name], "build was asked for", build=True)
    return draft.plan()


def wait_plan(
    config: MeshConfig,
    observed: Observed,
    instances: Collection[str],
    can: frozenset[Capability] = EVERY_CAPABILITY,
) -> Plan:
    """Waits for these instances, whatever has become of them; it changes nothing."""
    draft = PlanBuilder(config, observed, can)
    for name in start_order(config):
        for instance in instances:
            service, _, number = instance.rpartition("-")
            if service == name:
                draft.wait_running(config.services[name], int(number))
    draft.registrations()
    return draft.plan()


def stale_words(config: MeshConfig, observed: Observed, container: Container) -> str:
    """Why an instance has to be made anew, '' if it is as the file says."""
    spec = config.services[container.service]
    if container.state in _LOST:
        return _LOST[container.state]
    if container.config_hash != config_hash(spec):
        return change_words(spec, container)
    if container.state is ContainerState.RUNNING and container.networks is not None:
        cut = {network_name(config.name, network) for network in spec.networks} - set(container.networks)
        if cut:
            return f"is not on the network {min(cut)}"
    here = observed.images.get(image_reference(config, spec))
    return "image changed" if here and container.image_id and container.image_id != here else ""


def _orphans(draft: PlanBuilder, *, remove: bool) -> None:
    """Containers of the project whose service the file does not name: they may be somebody's all the same."""
    orphans = {service: of for service, of in draft.of.items() if service not in draft.config.services}
    for container in itertools.chain.from_iterable(orphans.values() if remove else ()):
        draft.remove(container, "not in the file")
    if orphans and not remove:
        many = ", ".join(f"{service} ({counted(len(of), 'container')})" for service, of in orphans.items())
        draft.note(
            f"left alone, because the file does not name it: {many}; is it of another file of this folder, or of a "
            "service that was renamed? `meshctl up --remove-orphans` removes it"
        )


def _service(draft: PlanBuilder, spec: ServiceSpec, wanted: Wanted) -> None:
    existing = {container.instance: container for container in draft.of.get(spec.name, ())}
    count = _desired_count(spec, list(existing.values()), wanted.scale)
    numbers = _wanted_numbers(list(existing), count)
    if not (wanted.keep or wanted.share_volumes):
        _check_sharing(draft, spec, [existing[number] for number in numbers if number in existing], count)
    scaled = f"scaled {len(existing)} → {count}"
    for number in sorted(set(existing) - set(numbers), reverse=True):
        draft.remove(existing[number], scaled)
    for number in numbers:
        if number in existing:
            _instance(draft, spec, existing[number], wanted)
        else:
            draft.create(spec, number, scaled if existing else "not created")


def _instance(draft: PlanBuilder, spec: ServiceSpec, container: Container, wanted: Wanted) -> None:
    stale = stale_words(draft.config, draft.observed, container)
    if stale and (not wanted.keep or container.state in _LOST):
        # The image is made before the old instance stops: it serves until then.
        removed = draft.remove(container, stale, after=draft.ground(spec))
        draft.create(spec, container.instance, stale, after=(removed,))
        _note_dependents(draft, spec, stale)
    elif container.state in (ContainerState.RUNNING, ContainerState.RESTARTING):
        draft.wait_running(spec, container.instance)
    elif not (is_done(container) and may_end(draft.config, spec) and container.id not in wanted.stopped):
        draft.start(spec, container.instance, _idle_words(container), container=container)


def _idle_words(container: Container) -> str:
    if container.state is ContainerState.EXITED and container.exit_code is not None:
        return f"was stopped (exit {container.exit_code})"
    return {ContainerState.PAUSED: "is paused", ContainerState.CREATED: "was never started"}.get(
        container.state, "was stopped"
    )


def _note_dependents(draft: PlanBuilder, spec: ServiceSpec, cause: str) -> None:
    for name in dependents(draft.config.services, spec.name):
        alive = [container for container in draft.of.get(name, ()) if container.state in ALIVE]
        if any(not stale_words(draft.config, draft.observed, container) for container in alive):
            draft.note(f"{name} is kept: it needs {spec.name}, which is recreated ({cause})")


def _check_sharing(draft: PlanBuilder, spec: ServiceSpec, kept: Sequence[Container], count: int) -> None:
    """Instances that an earlier ``scale`` added and that get a volume only now are no more asked for than new ones."""
    refused = refusal(spec, count, f"meshctl scale {spec.name}={max(spec.replicas, 1)} takes the others away. ")
    if refused is not None and any("mounts" in changed_settings(spec, container) for container in kept):
        raise refused
    note = sharing_note(spec, count)
    if note:
        draft.note(note)


def _check_scale(config: MeshConfig, wanted: Wanted, names: Collection[str]) -> None:
    """Raises UsageError for a service that is not among ``names``, and for a count that cannot be or is not allowed."""
    require_known(config, wanted.scale)
    for service, count in wanted.scale.items():
        spec = config.services[service]
        if service not in names:
            raise UsageError(f"{service} has a number of instances, but is not started", hint=f"Name {service} too.")
        if not 0 <= count <= MAX_REPLICAS:
            raise UsageError(f"{service} cannot have {count} instances", hint=f"Give 0 to {MAX_REPLICAS}.")
        refused = None if wanted.share_volumes else refusal(spec, count)
        if refused is not None:
            raise refused
        fixed = [port for port in spec.ports if port.published]
        if count > 1 and fixed:
            raise UsageError(
                f"{service} publishes the fixed port {fixed[0].published}, which only one instance can have",
                hint="Take `published` out of its port, then each instance gets a free one.",
            )


def _desired_count(spec: ServiceSpec, existing: Sequence[Container], scale: Mapping[str, int]) -> int:
    """An explicit scale wins, then the file; instances that an earlier ``scale`` added stay.

    What an earlier ``scale`` took away comes back, and so does everything once the file's count is edited.
    """
    if spec.name in scale:
        return scale[spec.name]
    if not existing:
        return spec.replicas
    newest = max(existing, key=lambda container: container.instance)
    edited = newest.labels.get(LABEL_REPLICAS, str(spec.replicas)) != str(spec.replicas)
    return spec.replicas if edited else max(spec.replicas, len(existing))


def _wanted_numbers(existing: Sequence[int], count: int) -> list[int]:
    """Which instance numbers to have: the lowest that exist stay, then the lowest free ones."""
    kept = sorted(existing)[:count]
    number = 1
    while len(kept) < count:
        if number not in kept:
            kept.append(number)
        number += 1
    return sorted(kept)
