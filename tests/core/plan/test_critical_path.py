"""Which chain of operations took the time."""

from __future__ import annotations

from meshctl.core.plan.reconcile import Wanted, reconcile
from meshctl.model.containers import Observed
from meshctl.model.plan import Plan
from tests.builders import mesh_config, spec


def test_the_longest_chain_is_told_from_its_first_operation() -> None:
    plan = reconcile(mesh_config(spec("db"), spec("mq"), spec("web", "db", "mq")), Observed("shop"), Wanted())
    seconds = {operation.id: 0.1 for operation in plan.operations}
    seconds |= {"image:db:1": 3.0, "ready:mq-1": 8.0, "ready:web-1": 1.0}
    assert [(s.operation, s.target, s.seconds) for s in plan.critical_path(seconds)][-4:] == [
        ("start", "mq-1", 0.1),
        ("wait ready", "mq-1", 8.0),
        ("start", "web-1", 0.1),
        ("wait ready", "web-1", 1.0),
    ]


def test_what_was_not_done_is_on_no_path() -> None:
    plan = reconcile(mesh_config(spec("db")), Observed("shop"), Wanted())
    assert [s.target for s in plan.critical_path({"image:db:1": 1.0})] == ["db:1"]
    assert plan.critical_path({}) == ()
    assert Plan("shop").critical_path({}) == ()
