"""Measure a marketplace's funnel without a policy: `python -m examples.measure_olist`.

Olist sold shops in Brazil a place on marketplaces. Of 8,000 who asked for it, two tables tell on
which day they did, and when 842 of them had signed. That is all that a funnel needs: both tables
become one of entries, and `Measures` says what the words mean.

What the tables do not tell, and the example shows:

- in which zone they are. The days of the first contact are taken as those of Sao Paulo; the
  moments of the deals are in UTC: 62 of them are a full hour, at 2:00 while summer time was in
  force and at 3:00 otherwise, which is the midnight of Sao Paulo. One of the days has no midnight;
- when somebody was lost. Who has not signed by the last deal of the table is still asked;
- what was signed before the first deal of the table, in December 2017. For those who came before,
  all rates are too low, and nobody knows by how much;
- what kind of shop they had who did not sign. A rate by it is refused.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean, median
from typing import Any

import polars as pl

from leadrules import EvaluationError
from leadrules.metrics import (
    Measures,
    Period,
    Ratio,
    Ratios,
    cohorts,
    conversion,
    funnel,
    oddities,
    time_to,
)
from leadrules.metrics.document import FunnelWords
from leadrules.metrics.ratio import half_up, percent

HERE = Path(__file__).parent
DATA = Path(os.environ.get("LEADRULES_DATA", HERE.parent.parent / "shared" / "data"))
ZONE = "America/Sao_Paulo"
SEEN = Period.of("2017-12-05", zone=ZONE).start
"""The day of the first deal in the table; who was won before is not in it."""
WORDS = Measures(funnel=FunnelWords(sales_ready="mql", close="won"), zone=ZONE)
Say = Callable[[str], object]
Found = dict[str, Any]


def read() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the leads and the deals as they are written: days, and times without a zone."""
    folder = DATA / "olist"
    leads = pl.read_csv(
        folder / "olist_marketing_qualified_leads_dataset.csv", try_parse_dates=True
    )
    deals = pl.read_csv(folder / "olist_closed_deals_dataset.csv", try_parse_dates=True)
    return leads, deals


def entries_of(
    leads: pl.DataFrame, deals: pl.DataFrame, *, days: str = ZONE, times: str = "UTC"
) -> pl.DataFrame:
    """Return when each lead came to each stage.

    Args:
        leads: They have the day of the first contact.
        deals: They have the time at which the deal was won.
        days: The zone of the days; a day is its first moment, be it 00:00 or not.
        times: The zone of the times.
    """
    day = pl.col("first_contact_date")
    starts = {x: Period.of(str(x), zone=days).start for x in leads["first_contact_date"].unique()}
    moment = pl.Datetime("us", "UTC")
    return pl.concat(
        [
            leads.select(
                lead_id="mql_id",
                stage=pl.lit("mql"),
                entered=day.replace_strict(starts, return_dtype=moment),
            ),
            deals.select(
                lead_id="mql_id",
                stage=pl.lit("won"),
                entered=pl.col("won_date").dt.replace_time_zone(times).dt.convert_time_zone("UTC"),
            ),
        ]
    )


def zone_of_the_deals(deals: pl.DataFrame, say: Say) -> Found:
    """Say at which hours deals were won that have a full hour, and so most likely no time."""
    won = deals["won_date"]
    full = won.filter((won.dt.minute() == 0) & (won.dt.second() == 0))
    local = full.dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE)
    midnight = int((local.dt.hour() == 0).sum())
    hours = dict(full.dt.hour().value_counts().sort("won_date").iter_rows())
    say(f"{len(full)} deals have a full hour: {hours}, as written")
    say(f"read as UTC, {midnight} of them are at midnight in Sao Paulo")
    return {"full hours": len(full), "at midnight": midnight}


def by_origin(leads: pl.DataFrame, entries: pl.DataFrame, at: datetime, say: Say) -> Found:
    """Say how many leads of each origin were won; return the ratios."""
    found = conversion(
        entries, of="mql", to="won", measures=WORDS, at=at, leads=_keyed(leads), by="origin"
    )
    say(f"\n{found}")
    return {"by origin": found}


def whole_days(leads: pl.DataFrame, deals: pl.DataFrame) -> pl.DataFrame:
    """Return the won leads with whole `days` from first contact to deal, as others count them.

    They take both tables as if they had one zone, and count 24 hours as a day.
    """
    first = pl.col("first_contact_date").cast(pl.Datetime("us"))
    span = (pl.col("won_date") - first).dt.total_microseconds()
    return leads.join(deals, on="mql_id").with_columns(days=span // (86_400 * 1_000_000))


def as_published(won: pl.DataFrame, rates: Ratios, say: Say) -> list[dict[str, Any]]:
    """Return the rows of the published table: leads, won, rate in percent, average days.

    The average is of those who were won: it says nothing of how long a lead takes.
    """
    means = dict(won.group_by("origin").agg(pl.col("days").mean()).iter_rows())
    rows = [
        {
            "origin": "NULL" if (origin := part.group["origin"]) is None else origin,
            "total_leads": part.denominator,
            "won_deals": part.numerator,
            "conv_rate_pct": float(percent(part.numerator, part.denominator, places=2)),
            "avg_days_to_close": float(half_up(means[origin], 1)),
        }
        for part in sorted(rates, key=lambda part: -(part.value or 0))
    ]
    say("\norigin              leads    won    rate   average days   (rounded half up)")
    for row in rows:
        name, of, count, rate, average = row.values()
        say(f"{name:18}{of:7,}{count:7,}{rate:8.2f}{average:15.1f}")
    days = won["days"].to_list()
    say(f"all: median {median(days):g} days, mean {mean(days):.6f}, least {min(days)}")
    return rows


def by_month(entries: pl.DataFrame, at: datetime, say: Say) -> Found:
    """Say how many of each month were won within how long, and which months are known in part."""
    found = cohorts(entries, of="mql", to="won", measures=WORDS, at=at, since=SEEN, steps=6)
    say(f"\n{found}")
    months: dict[str, Ratio] = {}
    for cohort in found:
        months[cohort.period.label] = conversion(
            entries, of="mql", to="won", measures=WORDS, at=at, period=cohort.period
        )
    wins = entries.filter(pl.col("stage") == "won")["entered"].dt.convert_time_zone(ZONE)
    by_end = wins.dt.strftime("%Y-%m").value_counts().sort("entered")
    say(f"deals by the month in which they were won: {dict(by_end.iter_rows())}")
    return {"cohorts": found, "months": months, "wins by month": dict(by_end.iter_rows())}


def days_to_win(entries: pl.DataFrame, at: datetime, say: Say) -> Found:
    """Say how long it takes to win a lead: of all, of those whose wins are all known, of the won.

    What others publish is the last: the days of those who were won. It answers how long a won deal
    took, and not how long to wait for a lead: nine of ten are never won.
    """
    every = time_to(entries, of="mql", to="won", measures=WORDS, at=at)
    seen = time_to(entries, of="mql", to="won", measures=WORDS, at=at, since=SEEN)
    say(f"\n{seen}")
    done = [
        half_up(span / timedelta(days=1), 2)
        for span in (every.median_done, every.mean_done)
        if span
    ]
    say(f"of the {every.reached} that were won alone: median {done[0]} days, mean {done[1]}")
    return {"time": every, "time seen": seen}


def by_lead_type(
    leads: pl.DataFrame, deals: pl.DataFrame, entries: pl.DataFrame, at: datetime, say: Say
) -> Found:
    """Say why there is no rate by the kind of shop."""
    known = _keyed(leads.join(deals, on="mql_id", how="left"))
    try:
        conversion(entries, of="mql", to="won", measures=WORDS, at=at, leads=known, by="lead_type")
    except EvaluationError as error:
        say(f"\nA rate by the kind of shop is refused:\n  {error}")
        return {"by lead type": str(error)}
    return {"by lead type": None}


def _keyed(leads: pl.DataFrame) -> pl.DataFrame:
    return leads.rename({"mql_id": "lead_id"})


def published() -> Mapping[str, Any]:
    """Return what was published of the data set, and counted in it by others."""
    text = (DATA / "olist" / "expected.json").read_text(encoding="utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found


def main(say: Say = print) -> Found:
    """Read the files and return what was measured, by name."""
    leads, deals = read()
    entries = entries_of(leads, deals)
    at = datetime(2018, 11, 15, tzinfo=UTC)  # the day after the last deal
    total = conversion(entries, of="mql", to="won", measures=WORDS, at=at)
    steps = funnel(entries, measures=WORDS, at=at)
    odd = oddities(entries, measures=WORDS, at=at, leads=_keyed(leads))
    say(f"{total}\n\n{odd}\n\n{steps}\n")
    found: Found = {"total": total, "funnel": steps, "oddities": odd}
    found |= {"entries": entries, "leads": leads}
    found |= zone_of_the_deals(deals, say)
    found |= by_origin(leads, entries, at, say)
    won = whole_days(leads, deals)
    rows = as_published(won, found["by origin"], say)
    equal = rows == published()["published"]["by_origin"]
    say(f"these are {'' if equal else 'NOT '}the rows that were published")
    found |= {"rows": rows, "equal": equal, "days": won["days"]}
    found |= by_month(entries, at, say)
    found |= days_to_win(entries, at, say)
    found |= by_lead_type(leads, deals, entries, at, say)
    return found


if __name__ == "__main__":
    sys.exit(0 if main()["equal"] else 1)
