"""A whole fake world around one file, ready for the engine's functions."""

from __future__ import annotations

from dataclasses import dataclass

from meshctl.core.plan.request import container_request, image_reference
from meshctl.engine.mesh import Mesh
from meshctl.model.config import MeshConfig
from tests.fakes.collectors import FakeCollector
from tests.fakes.containers import Behaviour, FakeEngine
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

    def seed_all(self) -> None:
        """Every service as the file says, running."""
        for spec in self.mesh.config.services.values():
            for number in range(1, spec.replicas + 1):
                self.engine.seed(container_request(self.mesh.config, spec, number))


def stage(config: MeshConfig, **behaviours: Behaviour) -> Stage:
    """A world in which the images of the file are here or can be pulled or built."""
    clock = FakeClock()
    engine = FakeEngine(clock, pullable=[image_reference(config, s) for s in config.services.values() if not s.build])
    engine.behaviours |= behaviours
    prober, registry = FakeProber(engine), FakeRegistry(engine)
    collector = FakeCollector()
    mesh = Mesh(config, engine, registry.connect, prober, clock, collector)
    return Stage(mesh, engine, prober, registry, clock, RecordingSink(), collector)
