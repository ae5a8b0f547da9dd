"""The file of a collector's store: opened, checked, read at the start. SQLite, write-ahead log."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from meshctl.errors import MeshError

#: "mesh": what SQLite calls the application id, and the version of the tables.
APPLICATION_ID = 0x6D657368
VERSION = 1

_PAGE = 16 * 1024
_WAL_BYTES = 64 * 1024 * 1024
#: Seconds to wait for another collector to let go of the file.
_LOCK_TIMEOUT_S = 1.0

_TABLES = f"""
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
CREATE TABLE batches (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE gone (upto INTEGER NOT NULL, ids BLOB NOT NULL);
CREATE TABLE pins (id BLOB PRIMARY KEY) WITHOUT ROWID;
"""

ID_BYTES = 16


def open_file(path: str) -> sqlite3.Connection:
    """The file, made when it is not there, held for this process alone; any thread may use it, one at a time.

    ``batches`` are requests as they came; ``gone`` are trace ids, one after the other, of which nothing counts in
    batches up to ``upto``; ``pins`` are ids of pinned traces. Raises MeshError when it cannot be used.
    """
    try:
        connection = sqlite3.connect(path, timeout=_LOCK_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise _unusable(path, error) from error
    try:
        connection.execute(f"PRAGMA page_size = {_PAGE}")
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        _check(path, connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        connection.close()
        raise _unusable(path, error) from error
    except MeshError:
        connection.close()
        raise
    return connection


def _check(path: str, connection: sqlite3.Connection) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if not tables and application in (0, APPLICATION_ID):
        connection.executescript(f"BEGIN IMMEDIATE;{_TABLES}COMMIT;")
    elif application != APPLICATION_ID:
        raise MeshError(f"{path} is a database of another program", hint="Name another file with --store.")
    elif version != VERSION:
        raise MeshError(
            f"{path} was written by another version of meshctl (format {version}, this one knows {VERSION})",
            hint="Name another file with --store, or remove this one: the traces in it are lost then.",
        )


def gone(connection: sqlite3.Connection) -> dict[bytes, int]:
    """Trace id -> the last batch in which nothing of it counts."""
    found: dict[bytes, int] = {}
    for upto, ids in connection.execute("SELECT upto, ids FROM gone ORDER BY upto"):
        for at in range(0, len(ids), ID_BYTES):
            found[ids[at : at + ID_BYTES]] = upto
    return found


def batches(connection: sqlite3.Connection) -> Iterator[tuple[int, bytes]]:
    """Every batch, oldest first."""
    yield from connection.execute("SELECT id, body FROM batches ORDER BY id")


def pins(connection: sqlite3.Connection) -> list[bytes]:
    """Ids of pinned traces."""
    return [row[0] for row in connection.execute("SELECT id FROM pins")]


def reclaim(connection: sqlite3.Connection) -> None:
    """Give the room of deleted batches back when it is more than half of the file."""
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    free = connection.execute("PRAGMA freelist_count").fetchone()[0]
    if free * 2 > pages:
        connection.execute("PRAGMA incremental_vacuum").fetchall()


def broken(path: str, error: sqlite3.Error) -> MeshError:
    """The error of a file that cannot be read to its end."""
    return MeshError(
        f"the store {path} cannot be read: {error}",
        hint="Move the file away, or name another with --store; the traces in it are lost then.",
    )


def _unusable(path: str, error: sqlite3.Error) -> MeshError:
    if "locked" in str(error):
        return MeshError(
            f"the store {path} is in use by another process", hint="Stop the other collector, or name another file."
        )
    if any(sign in str(error) for sign in ("not a database", "malformed", "file format")):
        return broken(path, error)
    return MeshError(
        f"the store {path} cannot be opened: {error}",
        hint="Name a file with --store in a folder that is there and may be written to.",
    )
