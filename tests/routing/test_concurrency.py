"""No turn is given out twice, however many ask at one time: the state is compared and swapped.

The host is SQLite: one row with the version and the state, and a table of what was decided.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from threading import Barrier, Thread
from typing import NamedTuple

import pytest

from leadrules import Assignment, Engine, Lead, Rotation, Router, load_policy

POLICY = """
leadrules: 1
policy: {id: acme, version: 1, effective: 2026-01-01, zone: Europe/Berlin}
calendars: {office: {hours: {mon-fri: ["09:00-17:00"]}}}
routing:
  rules: [{id: all, when: always, to: {pool: team}}]
  queue: triage
  pools:
    team:
      members: {anna: {weight: 3}, ben: {weight: 2}, carl: {limits: 20 per day}, dora: {}}
  members:
    anna: {calendar: office}
    ben: {calendar: office}
    carl: {calendar: office}
    dora: {calendar: office, absent: 2026-01-05}
"""
AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
WORKERS = 3
IDS = [f"lead-{number}" for number in range(300)]
SWAP = "UPDATE rotation SET version = ?, state = ? WHERE version = ?"
OVERWRITE = "UPDATE rotation SET version = ?, state = ? WHERE ? >= 0"


class Decided(NamedTuple):
    """A row of what was decided: the turn, the lead and its owner."""

    version: int
    lead_id: str
    owner: str | None


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the host's database; who finds it locked waits."""
    with closing(sqlite3.connect(path, timeout=60)) as db:
        db.execute("PRAGMA synchronous = OFF")
        yield db


def text(state: Rotation) -> str:
    return json.dumps(state.to_dict())


def read(db: sqlite3.Connection) -> Rotation:
    (found,) = db.execute("SELECT state FROM rotation").fetchone()
    return Rotation.from_dict(json.loads(found))


def work(path: Path, ids: Sequence[str], meet: Barrier, statement: str = SWAP) -> None:
    """Route leads as one of several: read, decide, write; again if another was faster.

    Everybody has read once before anybody writes, so that they do get in each other's way.
    """
    router = Engine(load_policy(POLICY)).router
    first = True
    with opened(path) as db:
        for lead_id in ids:
            written = False
            while not written:
                before = read(db)
                if first:
                    meet.wait(timeout=60)
                    first = False
                answer, after = router.route(Lead(id=lead_id), at=AT, state=before)
                assert isinstance(answer, Assignment)
                row = Decided(after.version, lead_id, answer.owner)
                with db:
                    swapped = db.execute(statement, [after.version, text(after), before.version])
                    written = swapped.rowcount == 1
                    if written:
                        db.execute("INSERT INTO decided VALUES (?, ?, ?)", row)


def started(path: Path) -> Router:
    """Write the first state, and return the router that made it."""
    router = Engine(load_policy(POLICY)).router
    state = router.start()
    with opened(path) as db, db:
        db.execute("CREATE TABLE rotation (version INT, state TEXT)")
        db.execute("CREATE TABLE decided (version INT, lead_id TEXT, owner TEXT)")
        db.execute("INSERT INTO rotation VALUES (?, ?)", [state.version, text(state)])
    return router


def kept(path: Path) -> tuple[list[Decided], Rotation]:
    """Return what was decided, in the order of the turns, and the last state."""
    with opened(path) as db:
        rows = db.execute("SELECT version, lead_id, owner FROM decided ORDER BY version, lead_id")
        return [Decided(*row) for row in rows], read(db)


def one_by_one(router: Router, ids: Sequence[str]) -> tuple[list[Decided], Rotation]:
    """Return what comes out if leads are routed one after the other."""
    state, rows = router.start(), []
    for lead_id in ids:
        answer, state = router.route(Lead(id=lead_id), at=AT, state=state)
        assert isinstance(answer, Assignment)
        rows.append(Decided(state.version, lead_id, answer.owner))
    return rows, state


def in_threads(path: Path, statement: str = SWAP, ids: Sequence[str] = IDS) -> None:
    meet = Barrier(WORKERS)
    workers = [
        Thread(target=work, args=(path, ids[place::WORKERS], meet, statement))
        for place in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def in_processes(path: Path, statement: str = SWAP, ids: Sequence[str] = IDS) -> None:
    context = get_context("spawn")
    meet = context.Barrier(WORKERS)
    workers = [
        context.Process(target=work, args=(path, ids[place::WORKERS], meet, statement))
        for place in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * WORKERS


@pytest.mark.parametrize("at_one_time", [in_threads, in_processes])
def test_no_turn_is_given_out_twice(at_one_time: Callable[..., None], tmp_path: Path) -> None:
    path = tmp_path / "host.db"
    router = started(path)
    at_one_time(path)
    rows, state = kept(path)
    assert [row.version for row in rows] == list(range(1, len(IDS) + 1))
    assert sorted(row.lead_id for row in rows) == sorted(IDS)
    assert (rows, state) == one_by_one(router, [row.lead_id for row in rows])
    owners = [row.owner for row in rows]
    assert {name: owners.count(name) for name in router.routing.members} == {
        "anna": 168,
        "ben": 112,
        "carl": 20,
        "dora": 0,
    }


@pytest.mark.parametrize("at_one_time", [in_threads, in_processes])
def test_without_the_version_turns_are_lost(
    at_one_time: Callable[..., None], tmp_path: Path
) -> None:
    path = tmp_path / "host.db"
    started(path)
    at_one_time(path, OVERWRITE, IDS[:WORKERS])
    rows, state = kept(path)
    assert [(row.version, row.owner) for row in rows] == [(1, "anna")] * WORKERS
    assert state.version == 1
