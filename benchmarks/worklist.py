"""What is owed to the leads of a whole database: as a frame, beside one lead after the other."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import polars as pl

from benchmarks.lead_histories import engine, histories
from benchmarks.own_process import in_own_process, measure, mib
from benchmarks.report import table
from benchmarks.timing import in_turns, subject
from leadrules import Lead
from leadrules.lifecycle.state import State

__all__ = ["beside_leads", "growth", "made", "measured"]

SIZES = (1_000, 10_000, 100_000)
LENGTH = 10
KNOWN = {
    "owner": "ada",
    "country": "DE",
    "email": "ada@example.org",
    "title": "Operations",
    "consent": True,
    "seniority": "manager",
}
FIELDS = {"sites": 3, "months_to_decision": 5, "interest": "payroll"}
COMPANY = {"employees": 120, "industry": "logistics"}
MONEY = "20000 EUR"

Kept = tuple[Lead, State]


def made(count: int) -> tuple[list[Kept], datetime]:
    """Return leads with the states that a host keeps of them, and a moment after all facts."""
    machine = engine().machine
    found = []
    for lead, events, _ in histories(count, LENGTH):
        known = {"id": lead.id, "created": lead.created, "lead_type": lead.lead_type}
        more = {"budget": MONEY, "company": COMPANY, "fields": FIELDS}
        whole = Lead.model_validate({**KNOWN, **known, **more})
        found.append((whole, machine.replay(lead, events=events)))
    return found, max(state.as_of for _, state in found)


def frame_of(kept: Iterable[Kept]) -> pl.DataFrame:
    """Return a row for each lead, with its state as JSON."""
    amount, currency = MONEY.split()
    rows = [
        {
            "id": lead.id,
            "created": lead.created,
            "lead_type": lead.lead_type,
            "budget": float(amount),
            "budget_currency": currency,
            **{f"company_{name}": value for name, value in COMPANY.items()},
            **FIELDS,
            **KNOWN,
            "state": json.dumps(state.to_dict()),
        }
        for lead, state in kept
    ]
    return pl.DataFrame(rows, schema_overrides={"created": pl.Datetime("us", "UTC")})


def beside_leads(count: int, *, turns: int) -> None:
    kept, at = made(count)
    frame = frame_of(kept)

    def framed() -> pl.DataFrame:
        found = engine().agenda_frame(frame, states="state", at=at)
        assert isinstance(found, pl.DataFrame)
        return found

    def one_by_one() -> list[tuple[str, str]]:
        return [
            (lead.id, owed.what)
            for lead, state in kept
            for owed in engine().agenda(lead, state=state, at=at)
        ]

    owed = framed()
    assert sorted(zip(owed["lead_id"], owed["what"], strict=True)) == sorted(one_by_one())
    works = {"agenda_frame": framed, "Engine.agenda, lead by lead": one_by_one}
    timings = in_turns({name: subject(work) for name, work in works.items()}, turns)
    table(
        f"The worklist: {count:,} leads, which {len(owed):,} things are owed to, {turns} turns, "
        "equal",
        ["wall time", "us a lead", "times the frame"],
        [
            [
                name,
                f"{timings.median(name) / count * 1e6:,.0f}",
                "1" if name == "agenda_frame" else str(timings.ratio(name, "agenda_frame")),
            ]
            for name in works
        ],
        ["The frame reads each state from JSON; lead by lead, states are at hand."],
    )


def growth(sizes: Iterable[int] | None = None) -> None:
    """Print how time and memory grow with the leads."""
    lines = []
    for count in sizes or SIZES:
        found = in_own_process("benchmarks.worklist", "frame", count)
        lines.append(
            [
                f"{count:,}",
                f"{found['seconds']:.2f}",
                f"{found['seconds'] / count * 1e6:,.0f}",
                mib(found["before"]),
                mib(found["peak"]),
            ]
        )
    table(
        "agenda_frame of ever more leads, every line in a process of its own",
        ["leads", "s", "us a lead", "MiB before", "MiB at the peak"],
        lines,
    )


def measured(_form: str, count: int) -> dict[str, Any]:
    kept, at = made(count)
    frame = frame_of(kept)
    del kept
    return measure(lambda: engine().agenda_frame(frame, states="state", at=at), 1)


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1], int(sys.argv[2]))))
