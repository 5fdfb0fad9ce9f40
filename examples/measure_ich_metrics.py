"""Measure what became of a school's deals: `python -m examples.measure_ich_metrics`.

The measures are those of the policy: `policy.measures` takes from its lifecycle which stages are
won and lost, and from its section `metrics` what the words of the funnel mean. The tables are made
of the CRM's export: the deals, their calls, what was spent on advertising, and the entries into
stages that the export knows of. How these are stated, `measure_ich_lifecycle` tells.

What others published of the same export is counted again, where they counted the export as it is.
What is dirty in it is listed at the end, and stays in all the numbers.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from examples import measure_ich_crm
from examples.measure_ich_crm import HERE, read
from examples.measure_ich_lifecycle import moved
from leadrules import Engine, Intake, Money, Policy, load_policy
from leadrules.metrics import Measures, Ratios, conversion

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
        spend: What was spent on a day for a source.
        measures: What the words mean.
        at: The moment of the export.
        zone: The zone of its days.
    """

    leads: pl.DataFrame
    entries: pl.DataFrame
    touches: pl.DataFrame
    spend: pl.DataFrame
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
        {**row, "spend": row["spend"].amount}
        for row in intakes["spend"].rows
        if isinstance(row["spend"], Money)
    ]
    touches = policy.event_frame([call for call in calls if call.kind == "touch"])
    return Tables(
        leads.rename({"id": "lead_id"}),
        machine.replay_frame(policy.event_frame(facts), leads=leads),
        touches,
        pl.DataFrame(costs, schema_overrides={"spend": pl.Decimal(12, 2)}),
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
    """Say why deals were lost.

    The reason is a field of the deal, which stays if the deal is taken up again: some that were
    not lost have one. It is counted both ways.
    """
    reasons = tables.leads.filter(pl.col("lost_reason").is_not_null())
    counts = reasons.group_by("lost_reason").agg(
        all=pl.len(), lost=(pl.col("crm_stage") == "Lost").sum()
    )
    counts = counts.sort("all", "lost_reason", descending=[True, False])
    say("\nreason                                    deals with it   of these lost")
    for reason, every, of in counts.iter_rows():
        say(f"{reason:40}{every:15,}{of:16,}")
    return {
        "reasons": {reason: every for reason, every, _ in counts.iter_rows()},
        "reasons of the lost": {reason: of for reason, _, of in counts.iter_rows()},
    }


# --- how they were followed up


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


def spent(tables: Tables, rates: Ratios, say: Say) -> Found:
    """Say what a deal cost and what a win did, by source; nothing spent is not the same as free."""
    sums: dict[str, Decimal] = dict(
        tables.spend.group_by("source").agg(pl.col("spend").sum()).iter_rows()
    )
    say("\nsource              spent (EUR)    deals     won     a deal      a win   (EUR)")
    per_win: dict[str, Decimal | None] = {}
    for rate in rates:
        source = rate.group["source"]
        amount = sums.get(source, Decimal(0))
        per_win[source] = amount / rate.numerator if rate.numerator else None
        shown = "-" if per_win[source] is None else f"{per_win[source]:,.2f}"
        say(
            f"{source:18}{amount:13,.2f}{rate.denominator:9,}{rate.numerator:8,}"
            f"{amount / rate.denominator:11,.2f}{shown:>11}"
        )
    unmatched = sorted(source for source in sums if source not in per_win)
    of = sum((sums[source] for source in unmatched), Decimal(0))
    say(f"{of:,.2f} EUR went to sources that no deal names: {', '.join(unmatched)}")
    return {"spend": sums, "per win": per_win, "no deal": unmatched}


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
    spend = tables.spend
    found["rows of spending that are there twice"] = twice = len(spend) - len(spend.unique())
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
    found |= touched(tables, say)
    found |= spent(tables, found["won by source"], say)
    found |= dirty(tables, intakes, say)
    return found


if __name__ == "__main__":
    main()
    sys.exit(0)
