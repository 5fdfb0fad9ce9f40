"""Twenty activity rules, and activities of two years to score by them."""

from __future__ import annotations

from functools import cache
from typing import Any

import duckdb
import numpy as np
import polars as pl

from benchmarks.policy import AT, NOW
from leadrules import Engine, Policy, load_policy

__all__ = ["A_LEAD", "COLUMNS", "by_id", "in_base", "made", "policy", "tables"]

DOCUMENT = """\
leadrules: 1
policy: {id: engagement, version: 1, effective: 2026-01-01, zone: Europe/Berlin}
activities:
  page_view: {properties: {path: {}, seconds: {type: integer}}}
  email_open: {properties: {campaign: {}}}
  email_click: {properties: {campaign: {}}}
  download: {properties: {seconds: {type: integer}}}
  webinar: {properties: {seconds: {type: integer}}}
  form: {properties: {campaign: {}}}
  demo_request: {}
  unsubscribe: {}
scoring:
  total: {min: 0, max: 100}
  engagement:
    max: 90
    groups:
      pages: {of: [view, pricing, docs, long_visit, blog], max: 40}
      mails: {of: [opened, opened_fair, clicked, clicked_now, clicked_first], max: 25}
    rules:
      view: {activity: page_view, points: 1, limit: 1 per day, decay: half_life 30 days, max: 20}
      pricing:
        activity: page_view
        when: activity.path == "/pricing"
        points: 4
        limit: 2 per week
        decay: linear 60 days
      docs:
        activity: page_view
        when: activity.path == "/docs"
        points: 2
        limit: 1 per day
        decay: window 90 days
      long_visit:
        activity: page_view
        when: activity.seconds >= 300
        points: 2
        decay: half_life 30 days
      blog:
        activity: page_view
        when: starts_with(activity.path, "/blog")
        points: 0.5
        limit: 3 per month
      careers:
        activity: page_view
        when: activity.path == "/careers"
        points: -3
        limit: 1 per month
        min: -9
      opened: {activity: email_open, points: 0.5, limit: 1 per day, decay: linear 30 days}
      opened_fair:
        activity: email_open
        when: activity.campaign == "fair"
        points: 1
        decay: window 180 days
      clicked: {activity: email_click, points: 2, decay: half_life 45 days, max: 30}
      clicked_now:
        activity: email_click
        when: activity.campaign in ["spring", "fair"]
        points: 3
        limit: 1 ever
      clicked_first: {activity: email_click, points: 2, limit: 5 ever}
      download:
        activity: download
        points: 5
        limit: 1 per week
        decay: compounding 20% every 30 days
      download_read:
        activity: download
        when: activity.seconds >= 120
        points: 3
        decay: step 25% every 30 days
      webinar: {activity: webinar, points: 8, decay: linear 180 days}
      webinar_stayed: {activity: webinar, when: activity.seconds >= 240, points: 6}
      form: {activity: form, points: 6, limit: 1 per month, decay: half_life 60 days}
      form_web:
        activity: form
        when: activity.campaign == "web"
        points: 4
        decay: window 120 days
      demo: {activity: demo_request, points: 25, limit: 1 ever, decay: window 180 days}
      demo_again: {activity: demo_request, points: 5, limit: 3 ever, decay: half_life 30 days}
      unsubscribed: {activity: unsubscribe, points: -20, limit: 1 ever}
"""
TYPES = {
    "page_view": 0.5,
    "email_open": 0.2,
    "email_click": 0.1,
    "download": 0.06,
    "webinar": 0.03,
    "form": 0.06,
    "demo_request": 0.02,
    "unsubscribe": 0.03,
}
PATHS = ("/pricing", "/docs", "/blog/a", "/blog/b", "/careers", "/")
CAMPAIGNS = ("spring", "fair", "autumn", "web", "none")
DAY = 86_400_000_000
COLUMNS = ("id", "score", "engagement")
A_LEAD = 20
"""How many activities a lead has."""


@cache
def policy() -> Policy:
    return load_policy(DOCUMENT)


def make_leads(count: int) -> pl.DataFrame:
    return pl.DataFrame({"id": pl.int_range(count, eager=True)}).select(
        ("lead-" + pl.col("id").cast(pl.String)).alias("id")
    )


def make_events(count: int, *, leads: int) -> pl.DataFrame:
    """Return activities of two years, some of them given twice or taken back."""
    random = np.random.default_rng(7)
    age = (random.exponential(120, count) * DAY).astype(np.int64) % (720 * DAY)
    kinds = random.choice(len(TYPES), count, p=list(TYPES.values()))
    made = pl.DataFrame(
        {
            "lead": random.integers(0, leads, count),
            "number": np.arange(count),
            "time": NOW + DAY - age,
            "type": _named(kinds, tuple(TYPES)),
            "path": _named(random.integers(0, len(PATHS), count), PATHS),
            "seconds": random.integers(0, 600, count),
            "campaign": _named(random.integers(0, len(CAMPAIGNS), count), CAMPAIGNS),
        }
    )
    said = made.select(
        ("lead-" + pl.col("lead").cast(pl.String)).alias("lead_id"),
        ("e" + pl.col("number").cast(pl.String)).alias("id"),
        pl.col("time").cast(pl.Datetime("us", "UTC")),
        pl.lit("activity").alias("kind"),
        *("type", "path", "seconds", "campaign"),
        pl.lit(None, pl.String).alias("of"),
    )
    taken = said.sample(count // 1000, seed=2)
    nothing = {name: pl.lit(None) for name in ("type", "path", "seconds", "campaign")}
    retractions = taken.with_columns(
        ("r" + pl.col("id")).alias("id"),
        (pl.col("time") + pl.duration(days=1)).alias("time"),
        pl.lit("retraction").alias("kind"),
        pl.col("id").alias("of"),
        **nothing,
    )
    every = pl.concat(
        [said, said.sample(count // 100, seed=1), retractions], how="vertical_relaxed"
    )
    return every.sample(fraction=1, shuffle=True, seed=3)


def _named(places: Any, names: tuple[str, ...]) -> pl.Series:
    return pl.Series(names).gather(pl.Series(places))


def made(count: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    leads = make_leads(count // A_LEAD)
    return leads, make_events(count, leads=leads.height)


def tables(leads: pl.DataFrame, events: pl.DataFrame) -> duckdb.DuckDBPyConnection:
    base = duckdb.connect()
    for name, frame in (("leads", leads), ("events", events)):
        base.register("made", frame)
        base.sql("FROM made").create(name)
        base.unregister("made")
    return base


def in_base(base: duckdb.DuckDBPyConnection) -> Any:
    scorer = Engine(policy()).scorer
    scored = scorer.score_frame(base.table("leads"), events=base.table("events"), at=AT)
    return scored.select(*COLUMNS).to_arrow_table()


def by_id(found: Any) -> pl.DataFrame:
    return pl.DataFrame(found).select(COLUMNS).sort("id")
