"""A span for each statement that SQLAlchemy sends within a trace: its text, never its values."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqlalchemy import URL, Engine, event

from . import tracing

_LONGEST = 2000
_TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+\"?([a-z_][\w.]*)", re.IGNORECASE)


def observe(engine: Engine) -> None:
    """Observe what `engine` executes, for an AsyncEngine its `sync_engine`. Polling outside of a trace stays unseen."""
    describe = _describer(engine.url)

    def wrap(run: str) -> Callable[..., bool | None]:
        def execute(*args: Any) -> bool | None:
            """(cursor, statement, [parameters,] context); True: it has been executed here."""
            if not tracing.traced():
                return None
            context = args[-1]
            name, about = describe(args[1])
            with tracing.span(name, tracing.SpanKind.CLIENT, about):
                getattr(context.dialect, run)(*args)
            return True

        return execute

    for run in ("do_execute", "do_executemany", "do_execute_no_params"):
        event.listen(engine, run, wrap(run))


def _describer(url: URL) -> Callable[[str], tuple[str, tracing.Attributes]]:
    """Name and attributes of a statement, kept: SQLAlchemy sends the same text again and again."""
    where: dict[str, str | int] = {"db.system.name": url.get_backend_name()}
    where |= {"server.address": url.host} if url.host else {}
    where |= {"server.port": url.port} if url.port else {}
    where |= {"db.namespace": url.database} if url.database else {}

    @lru_cache(maxsize=512)
    def describe(statement: str) -> tuple[str, tracing.Attributes]:
        operation, table = statement.split(None, 1)[0].upper() if statement.strip() else "SQL", _TABLE.search(statement)
        about = {**where, "db.operation.name": operation, "db.query.text": statement[:_LONGEST]}
        if table is None:
            return operation, about
        return f"{operation} {table[1]}", {**about, "db.collection.name": table[1]}

    return describe
