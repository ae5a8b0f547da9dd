"""A whole fake world around one file, ready for the engine's functions."""

from __future__ import annotations

from dataclasses import dataclass

from meshctl.core.plan.request import container_request, image_reference
from meshctl.engine.lifecycle import LiveLifecycle
from meshctl.engine.mesh import Mesh
from meshctl.model.config import MeshConfig
from meshctl.model.containers import EVERY_CAPABILITY, Capability
from tests.fakes.collectors import FakeCollector
from tests.fakes.containers import Behaviour, FakeEngine
from tests.fakes.journal import FakeJournal
from tests.fakes.turns import FakeTurns
from tests.fakes.world import FakeClock, FakeProber, FakeRegistry, RecordingSink


@dataclass(slots=True)
class Stage:
    """``mesh`` is what the engine's functions take; the rest is what a test turns and looks at."""

    mesh: Mesh
    engine: FakeEngine
    prober: FakeProber
    registry: FakeRegistry
    clock: FakeClock
    sink: RecordingSink
    collector: FakeCollector
    journal: FakeJournal
    turns: FakeTurns

    @property
    def lifecycle(self) -> LiveLifecycle:
        return LiveLifecycle(self.mesh)

    def seed_all(self) -> None:
        """Every service as the file says, running."""
        for spec in self.mesh.config.services.values():
            for number in range(1, spec.replicas + 1):
                self.engine.seed(container_request(self.mesh.config, spec, number))


def stage(config: MeshConfig, *, can: frozenset[Capability] = EVERY_CAPABILITY, **behaviours: Behaviour) -> Stage:
    """A world on a runtime that ``can`` so much, in which the images of the file are here or can be pulled or built."""
    clock = FakeClock()
    pullable = [image_reference(config, spec) for spec in config.services.values() if not spec.build]
    engine = FakeEngine(clock, pullable=pullable, can=can)
    engine.behaviours |= behaviours
    prober, registry = FakeProber(engine), FakeRegistry(engine)
    collector = FakeCollector()
    journal, turns = FakeJournal(clock), FakeTurns(clock)
    mesh = Mesh(config, engine, registry.connect, prober, clock, collector, journal, turns)
    return Stage(mesh, engine, prober, registry, clock, RecordingSink(), collector, journal, turns)
