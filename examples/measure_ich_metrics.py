"""Measure what became of a school's deals: `python -m examples.measure_ich_metrics`.

The measures are those of the policy: `policy.measures` takes from its lifecycle which stages are
won and lost, and from its section `metrics` what the words of the funnel mean. The tables are made
of the CRM's export: the deals, their calls, what was spent on advertising, and the entries into
stages that the export knows of. How these are stated, `measure_ich_lifecycle` tells.

What others published of the same export is counted again, where they counted the export as it is.
How long deals took is not measured: of 341 of the 858 that were won, nobody knows when.
What is dirty in it is listed at the end, and stays in all the numbers.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from examples import measure_ich_crm
from examples.measure_ich_crm import HERE, read
from examples.measure_ich_lifecycle import moved
from leadrules import Engine, Intake, Money, Policy, load_policy
from leadrules.metrics import (
    Measures,
    conversion,
    losses,
    programmes,
    speed_to_lead,
    win_rate,
)
from leadrules.metrics.ratio import half_up

Say = Callable[[str], object]
Found = dict[str, Any]
ENDED = pl.col("crm_stage").is_in(["Lost", "Payment Done"])
WON = pl.col("crm_stage") == "Payment Done"
SAMPLE = 3
"""How many ids of dirty rows are shown."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of the export that the measures read.

    Attributes:
        leads: One row a deal.
        entries: When deals came to stages.
        touches: The calls that took place, each of one deal.
        costs: What was spent on a day for a source, in cents.
        measures: What the words mean.
        at: The moment of the export.
        zone: The zone of its days.
    """

    leads: pl.DataFrame
    entries: pl.DataFrame
    touches: pl.DataFrame
    costs: pl.DataFrame
    measures: Measures
    at: datetime
    zone: str


def tables_of(policy: Policy, intakes: Mapping[str, Intake]) -> Tables:
    """Return the tables of an export."""
    deals, calls = intakes["deals"].leads, intakes["calls"].events
    machine, zone = Engine(policy).machine, ZoneInfo(policy.policy.zone)
    at = max([*(call.time for call in calls), *(deal.created for deal in deals if deal.created)])
    facts = [fact for deal in deals if (fact := moved(deal, machine.lifecycle, zone, at)[0])]
    leads = policy.frame(deals)
    costs = [
        {**row, "amount": spend.minor, "currency": spend.currency}
        for row in intakes["spend"].rows
        if isinstance(spend := row["spend"], Money)
    ]
    touches = policy.event_frame([call for call in calls if call.kind == "touch"])
    return Tables(
        leads.rename({"id": "lead_id"}),
        machine.replay_frame(policy.event_frame(facts), leads=leads),
        touches,
        pl.DataFrame(costs).drop("spend"),
        policy.measures,
        at,
        policy.policy.zone,
    )


# --- what became of them


def won(tables: Tables, say: Say) -> Found:
    """Say how many deals were won, by grade, source and owner."""
    found: Found = {}
    for by in ("quality", "source", "owner"):
        found[f"won by {by}"] = rates = conversion(
            tables.entries,
            of="suspect",
            to="close",
            measures=tables.measures,
            at=tables.at,
            leads=tables.leads,
            by=by,
        )
        say(f"\n{rates}")
    return found


def lost(tables: Tables, say: Say) -> Found:
    """Say why deals were lost, and how many of those that ended were won.

    What the CRM calls lost is four things in the lifecycle: lost, disqualified, and recycled, who
    are to be called again; and the reason is a field of the deal, which stays if the deal is taken
    up again. So there are as many counts of a reason as there are questions.
    """
    found = losses(tables.entries, measures=tables.measures, at=tables.at)
    rates = win_rate(
        tables.entries, measures=tables.measures, at=tables.at, leads=tables.leads, by="source"
    )
    say(f"\n{found}\n\n{rates}")
    lost = (pl.col("crm_stage") == "Lost").sum()
    counts = tables.leads.drop_nulls("lost_reason").group_by("lost_reason").agg(pl.len(), lost=lost)
    reasons = {reason: (every, of) for reason, every, of in counts.iter_rows()}
    of = sum(of for _, of in reasons.values())
    every = sum(every for every, _ in reasons.values())
    say(f"{every:,} deals have a reason, {of:,} of them are lost by the CRM's own word")
    return {
        "losses": found,
        "win rate": rates,
        "reasons": {reason: every for reason, (every, _) in reasons.items()},
        "reasons of the lost": {reason: of for reason, (_, of) in reasons.items()},
    }


# --- how they were followed up


def speed(tables: Tables, say: Say) -> Found:
    """Say how long deals waited for their first call, by grade, beside the CRM's own figure.

    The CRM knows a time of those who were called, and how many of them waited an hour at most. Of
    all deals whose hour is over it is less: who was never called has no time, and has missed it.
    """
    found = speed_to_lead(
        tables.leads,
        tables.touches,
        measures=tables.measures,
        at=tables.at,
        entries=tables.entries,
        within=timedelta(hours=1),
        by="quality",
    )
    say(f"\n{found}")
    own = tables.leads["sla"].drop_nulls()
    shares = {
        f"SLA<={hours}h": (own <= timedelta(hours=hours)).sum() / len(own) for hours in (1, 72)
    }
    told = ", ".join(f"{half_up(100 * float(share), 1)} % {name}" for name, share in shares.items())
    say(f"by the CRM's own field: {told}, of {len(own):,} deals that have it")
    return {
        "speed": found,
        "own": {"n": len(own), "median": own.median(), "max": own.max()} | shares,
    }


def touched(tables: Tables, say: Say) -> Found:
    """Say how often deals of each grade were called, and how often somebody was reached."""
    calls = tables.touches.group_by("lead_id").agg(
        tried=(pl.col("direction") == "outbound").sum(),
        reached=pl.col("outcome").is_in([*tables.measures.contact]).sum(),
    )
    per = (
        tables.leads.select("lead_id", grade="quality")
        .join(calls, on="lead_id", how="left")
        .with_columns(pl.col("tried", "reached").fill_null(0))
        .group_by("grade")
        .agg(
            pl.len().alias("deals"),
            pl.col("tried", "reached").sum(),
            median=pl.col("tried").median(),
            never=(pl.col("tried") == 0).sum(),
        )
        .sort("grade", nulls_last=True)
    )
    say("\ngrade    deals   calls tried   a deal   median   reached a deal   never called")
    for grade, deals, tried, reached, median, never in per.iter_rows():
        say(
            f"{grade or '-':5}{deals:9,}{tried:14,}{tried / deals:9.2f}{median:9.1f}"
            f"{reached / deals:17.2f}{never:15,}"
        )
    return {"touches": {row["grade"]: row for row in per.iter_rows(named=True)}}


# --- what they cost


def spent(tables: Tables, say: Say) -> Found:
    """Say what a deal cost and what a win did, by source. What a deal is worth, nobody states."""
    found = programmes(
        tables.leads,
        tables.entries,
        measures=tables.measures,
        at=tables.at,
        costs=tables.costs,
        by="source",
    )
    say(f"\n{found}")
    return {"programmes": found}


# --- what is dirty


def dirty(tables: Tables, intakes: Mapping[str, Intake], say: Say) -> Found:
    """Say which rows contradict themselves, or lack what a measure needs; they stay in."""
    created = pl.col("created").dt.convert_time_zone(tables.zone).dt.date()
    exported = tables.at.astimezone(ZoneInfo(tables.zone)).date()
    person = pl.col("contact_id")
    signs = {
        "closed before it was created": pl.col("closed") < created,
        "closed after the export": ENDED & (pl.col("closed") > exported),
        "ended, and nobody knows when": ENDED & pl.col("closed").is_null(),
        "open, and has a day of closing": ~ENDED & pl.col("closed").is_not_null(),
        "no owner": pl.col("owner").is_null(),
        "no grade": pl.col("quality").is_null(),
        "no person": person.is_null(),
        "one of several of a person": person.is_not_null() & (pl.len().over("contact_id") > 1),
        "won, and graded D, E or F": WON & pl.col("quality").is_in(["D", "E", "F"]),
        "won, and has no price": WON & pl.col("offer_total").is_null(),
        "won, and nobody knows when": WON
        & ~pl.col("closed").is_between(created, exported).fill_null(value=False),
        "lost for no reason": (pl.col("crm_stage") == "Lost") & pl.col("lost_reason").is_null(),
        "not lost, and has a reason": (pl.col("crm_stage") != "Lost")
        & pl.col("lost_reason").is_not_null(),
        "paid more than the price": pl.col("initial_payment") > pl.col("offer_total"),
    }
    rejected = intakes["deals"].summary()
    say(f"\nWhat is dirty? Of {len(tables.leads):,} deals; {rejected}")
    found: Found = {}
    for name, sign in signs.items():
        rows = tables.leads.filter(sign)
        ids = ", ".join(rows["lead_id"].sort().head(SAMPLE))
        found[name] = len(rows)
        say(f"{len(rows):7,} {name:32} {ids}{', ...' if len(rows) > SAMPLE else ''}")
    twice = len(tables.costs) - len(tables.costs.unique())
    found["rows of spending that are there twice"] = twice
    say(f"{twice:7,} rows of spending are copies of another")
    return {"dirty": found}


def published() -> Mapping[str, Any]:
    """Return what was published of the export, and counted in it by others."""
    text = (measure_ich_crm.DATA / "ich_crm" / "expected.json").read_text(encoding="utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found


def main(say: Say = print, intakes: Mapping[str, Intake] | None = None) -> Found:
    """Read the files and return what was measured, by name."""
    policy = load_policy(HERE / "ich_crm.policy.yaml")
    intakes = intakes or read(policy)
    tables = tables_of(policy, intakes)
    say(f"{len(tables.leads):,} deals, {len(tables.entries):,} entries, at {tables.at}")
    found: Found = {"tables": tables}
    found |= won(tables, say)
    found |= lost(tables, say)
    found |= speed(tables, say)
    found |= touched(tables, say)
    found |= spent(tables, say)
    found |= dirty(tables, intakes, say)
    return found


if __name__ == "__main__":
    main()
    sys.exit(0)
