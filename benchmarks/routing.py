"""Routing: one decision, a batch of leads, and growth with rules, rows and members."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import polars as pl

from benchmarks.own_process import in_own_process, measure, mib
from benchmarks.report import at_most, table
from benchmarks.timing import in_turns, subject
from leadrules import Engine, Lead, Rotation, load_policy
from leadrules.routing.router import Router

__all__ = ["batch", "growth", "lead_of", "leads", "measured", "one_decision", "router", "run"]

MICROSECONDS = 20
"""What one decision may take."""
RULES, MEMBERS = 50, 100
COUNTRIES = 20
SIZES = (10_000, 100_000, 1_000_000)
TEAM = 200
BEFORE = datetime(2026, 1, 5, 11, tzinfo=UTC)
NIGHT, MORNING, NOON = (BEFORE + timedelta(hours=hours) for hours in (15, 21.5, 24))
SPAN = timedelta(days=30)
PLAIN = "plain Python: 100 sums in a dictionary"

LIMITS = ("500 per day", "1000 open")
CALENDARS = {
    "early": {"hours": {"mon-fri": ["08:00-16:00"]}},
    "late": {"hours": {"mon-fri": ["10:00-18:00"]}},
}


def run(*, quick: bool = False) -> None:
    one_decision(20 if quick else 500, turns=2 if quick else 25)
    growth((2, 4) if quick else None, times=5 if quick else 500, turns=1 if quick else 9)
    batch((100, 200) if quick else None)


# --- policies and leads


def router(  # noqa: PLR0913 - what a measurement varies
    *,
    rules: int = RULES,
    members: int = MEMBERS,
    rows: int = 0,
    hours: bool = True,
    limits: Sequence[str] = LIMITS,
    strategy: str = "weighted_rotation",
) -> Router:
    """Return a router of many rules whose last is true, or of one that looks up a row."""
    weighs = strategy == "weighted_rotation"
    names = [f"member {number}" for number in range(members)]
    office = [{"calendar": name} if hours else {} for name in ("early", "late")]
    team: dict[str, Any] = {"pool": "team"}
    rest = {"id": "rest", "when": "always", "to": team, "otherwise": {"queue": "rest"}}
    territory = {**rest, "id": "territory", "to": {"lookup": "territories"}}
    named = [
        {"id": f"rule {number}", "when": _condition(number), "to": team}
        for number in range(rules - 1)
    ]
    document = {
        "leadrules": 1,
        "policy": {"id": "bench", "version": 1, "effective": "2026-01-01", "zone": "Europe/Berlin"},
        "calendars": CALENDARS,
        "tables": {"territories": {"columns": ["country", "from", "to", "team"]}},
        "routing": {
            "rules": [territory, rest] if rows else [*named, rest],
            "lookups": {
                "territories": {
                    "equal": {"country": "country"},
                    "range": {"field": "postal_code", "from": "from", "to": "to"},
                    "gives": {"pool": "team"},
                }
            },
            "pools": {
                "team": {
                    "strategy": strategy,
                    "members": {
                        name: {"weight": 1 + number % 3 if weighs else 1}
                        for number, name in enumerate(names)
                    },
                }
            },
            "members": {
                name: {**office[number % 2], "limits": [*limits]}
                for number, name in enumerate(names)
            },
        },
    }
    policy = load_policy(json.dumps(document), tables={"territories": _territories(rows or 1)})
    return Engine(policy).router


def _condition(number: int) -> str:
    """Return a condition that no lead of these meets, on fields that they have."""
    country = f"c{number % COUNTRIES}"
    return f'country == "{country}" and company.employees >= {10_000 + number}'


def _territories(rows: int) -> list[dict[str, str]]:
    """Return rows of ranges of postal codes, one after the other in each country."""
    each = -(-rows // COUNTRIES)
    wide = 100_000 // each
    return [
        {
            "country": f"c{number % COUNTRIES}",
            "from": f"{number // COUNTRIES * wide:05d}",
            "to": f"{number // COUNTRIES * wide + wide - 1:05d}",
            "team": "team",
        }
        for number in range(rows)
    ]


def leads(count: int) -> pl.DataFrame:
    """Return leads that arrive within a month, the same ones for the same count."""
    random = Random(5)  # noqa: S311 - nobody guesses them
    step = SPAN / count
    return pl.DataFrame(
        {
            "id": [f"lead {number}" for number in range(count)],
            "country": [f"c{random.randrange(COUNTRIES)}" for _ in range(count)],
            "postal_code": [f"{random.randrange(100_000):05d}" for _ in range(count)],
            "company_employees": [random.randrange(1_000) for _ in range(count)],
            "score": [random.randrange(100) for _ in range(count)],
            "arrived": [BEFORE + step * number for number in range(count)],
        },
        schema_overrides={"arrived": pl.Datetime("us", "UTC")},
    )


def lead_of(row: Mapping[str, Any]) -> Lead:
    """Return a row of the frame as a lead."""
    return Lead.model_validate(
        {
            "id": row["id"],
            "country": row["country"],
            "postal_code": row["postal_code"],
            "company": {"employees": row["company_employees"]},
        }
    )


# --- one decision


def one_decision(times: int, *, turns: int, rules: int = RULES) -> None:
    made = partial(router, rules=rules)
    ready = {
        "anybody at any time": (made(hours=False, limits=()), NOON),
        "hours and two limits, all at work": (made(), NOON),
        "hours and two limits, half of them at work": (made(), MORNING),
        "hours and two limits, nobody at work": (made(), NIGHT),
        "longest_waiting": (made(strategy="longest_waiting"), NOON),
        "least_loaded": (made(strategy="least_loaded"), NOON),
        "priority": (made(strategy="priority"), NOON),
    }
    works = {name: _decisions(found, at, times) for name, (found, at) in ready.items()}
    works[PLAIN] = _plain(times)
    timings = in_turns({name: subject(work, processor=True) for name, work in works.items()}, turns)
    basis = min(timings.seconds[PLAIN])
    lines = []
    for name in works:
        least, middle = min(timings.seconds[name]), timings.median(name)
        micros = least / times * 1e6
        lines.append(
            [
                name,
                f"{micros:.1f}",
                f"{middle / times * 1e6:.1f}",
                f"{least / basis:.2f}",
                at_most(micros, MICROSECONDS) if name in _JUDGED else "",
            ]
        )
    table(
        f"One decision without its trace: {rules} rules, a pool of {MEMBERS}, {times:,} times, "
        f"{turns} turns",
        ["processor time", "least us", "median us", "times plain, least", "target"],
        lines,
        [
            "The target is for the least: others that use the machine only add to it.",
            "The last rule is the first that is true; every decision gives an answer and a state.",
        ],
    )


_JUDGED = (
    "anybody at any time",
    "hours and two limits, all at work",
    "hours and two limits, half of them at work",
)


def _decisions(found: Router, at: datetime, times: int) -> Callable[[], None]:
    """Return what routes leads one by one, from a state in which everybody had some."""
    known = [lead_of(row) for row in leads(max(times, 3 * len(found.routing.members))).to_dicts()]
    start = found.start()
    for lead in known:
        _, start = found.route(lead, at=BEFORE, state=start)
    others = [lead.model_copy(update={"id": f"new {lead.id}"}) for lead in known[:times]]

    def work() -> None:
        state: Rotation = start
        for lead in others:
            _, state = found.route(lead, at=at, state=state)

    return work


def _plain(times: int) -> Callable[[], None]:
    def work() -> None:
        for _ in range(times):
            found: dict[int, int] = {}
            for number in range(100):
                found[number % 10] = found.get(number % 10, 0) + number

    return work


# --- growth


def growth(
    sizes: Sequence[int] | None = None, *, times: int, turns: int, rules: int = RULES
) -> None:
    """Print how one decision grows with the rules, the rows of a table, and the members."""
    grown: Mapping[str, tuple[Sequence[int], Callable[[int], Router]]] = {
        "rules": (sizes or (10, 100, 1_000), lambda size: router(rules=size)),
        "rows of territories": (sizes or (100, 1_000, 10_000), lambda size: router(rows=size)),
        "members": (sizes or (10, 100, 1_000), lambda size: router(members=size, rules=rules)),
    }
    works = {
        (what, size): _decisions(make(size), NOON, times)
        for what, (each, make) in grown.items()
        for size in each
    }
    subjects = {
        f"{what} {size}": subject(work, processor=True) for (what, size), work in works.items()
    }
    subjects[PLAIN] = subject(_plain(times), processor=True)
    timings = in_turns(subjects, turns)
    basis = min(timings.seconds[PLAIN])
    lines = []
    for what, size in works:
        least = min(timings.seconds[f"{what} {size}"])
        lines.append([what, f"{size:,}", f"{least / times * 1e6:.1f}", f"{least / basis:.2f}"])
    table(
        f"Growth of one decision: {times:,} times, {turns} turns",
        ["with", "number", "least us", "times plain"],
        lines,
        [
            f"Otherwise {rules} rules and a pool of {MEMBERS}; territories are one rule.",
            "Rules are asked one by one; rows are looked up; a state is copied for each decision.",
        ],
    )


# --- a batch


def batch(sizes: Sequence[int] | None = None) -> None:
    """Print how fast a frame is routed, and in how much memory."""
    lines = []
    for count in sizes or SIZES:
        found = in_own_process("benchmarks.routing", "frame", count)
        lines.append(
            [
                f"{count:,}",
                f"{found['seconds']:.2f}",
                f"{count / found['seconds']:,.0f}",
                f"{found['seconds'] / count * 1e6:.1f}",
                mib(found["before"]),
                mib(found["peak"]),
            ]
        )
    table(
        f"route_frame: leads of a month over {TEAM} members by {RULES} rules, every line in a "
        "process of its own",
        ["leads", "s", "leads a second", "us a lead", "MiB before", "MiB at the peak"],
        lines,
        ["Outside office hours leads go to a queue."],
    )


def measured(_form: str, count: int, *, rules: int = RULES) -> dict[str, Any]:
    found = router(members=TEAM, limits=("500 per day",), rules=rules)
    frame = leads(count)
    return measure(
        partial(found.route_frame, frame, at="arrived", state=found.start()),
        1,
    )


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1], int(sys.argv[2]))))
