"""One lead with what it did: 20 rules about the lead, 10 about 30 events, beside plain Python."""

# ruff: noqa: PLR2004 - the numbers are the policy

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from math import floor
from random import Random
from typing import NamedTuple

from benchmarks.hand_written import Row, score_row
from benchmarks.policy import AT, DOCUMENT, NOW, lead_of, make_leads, record_of
from benchmarks.report import table
from benchmarks.timing import in_turns, subject
from leadrules import Engine, Event, Policy, load_policy

__all__ = ["EVENTS", "Act", "acts_of", "engaged", "events_of", "history_policy", "run"]

EVENTS = 30
DAY = 86_400_000_000
PATHS = ("/", "/pricing", "/pricing/teams", "/docs", "/blog/a", "/careers")
TYPES = ("page_view",) * 6 + ("email_open",) * 2 + ("download", "webinar", "demo", "unsubscribe")

ENGAGEMENT = """\
  engagement:
    min: -20
    max: 60
    groups:
      mail: {of: [opened, unsubscribed], max: 5}
    rules:
      pricing:
        activity: page_view
        when: starts_with(activity.path, "/pricing")
        points: 5
        limit: 1 per day
        decay: half_life 30 days
        max: 20
      long_read:
        {activity: page_view, when: activity.seconds >= 120, points: 3, decay: linear 60 days}
      docs:
        {activity: page_view, when: activity.path == "/docs", points: 2, limit: 2 per week, max: 8}
      careers: {activity: page_view, when: activity.path == "/careers", points: -4, limit: 1 ever}
      any_page: {activity: page_view, points: 0.5, limit: 3 per day, decay: window 90 days, max: 10}
      opened: {activity: email_open, points: 1, limit: 1 per day, decay: window 60 days}
      unsubscribed: {activity: unsubscribe, points: -15, limit: 1 ever}
      download: {activity: download, points: 4, limit: 2 per week, decay: linear 90 days, max: 16}
      webinar: {activity: webinar, points: 8, limit: 1 per month, decay: step 50% every 30 days}
      demo: {activity: demo, points: 25, limit: 1 ever, decay: window 180 days}
"""
ACTIVITIES = """\
activities:
  page_view: {properties: {path: {type: string}, seconds: {type: integer}}}
  email_open: {}
  download: {}
  webinar: {}
  demo: {}
  unsubscribe: {}
"""


@cache
def history_policy() -> Policy:
    """Return the policy of 20 rules with 10 more about activities."""
    return load_policy(DOCUMENT.replace("scoring:\n", f"{ACTIVITIES}scoring:\n", 1) + ENGAGEMENT)


class Act(NamedTuple):
    """An event as plain Python reads it fastest."""

    time: int
    id: str
    type: str
    path: str | None
    seconds: int | None


def events_of(lead_id: str, random: Random, count: int = EVENTS) -> list[Event]:
    """Return activities of the last 120 days, in no order."""
    found = []
    for number in range(count):
        kind = random.choice(TYPES)
        page = kind == "page_view"
        found.append(
            Event(
                lead_id=lead_id,
                id=f"e{number}",
                time=AT - timedelta(seconds=random.randrange(120 * 86_400)),
                kind="activity",
                type=kind,
                properties={"path": random.choice(PATHS), "seconds": random.randrange(400)}
                if page
                else {},
            )
        )
    return found


def acts_of(events: Sequence[Event]) -> list[Act]:
    """Return the same events as plain tuples."""
    return [
        Act(x.moment, x.id, str(x.type), x["path"], x["seconds"])  # type: ignore[arg-type]  # as made above
        for x in events
    ]


def engaged(acts: Sequence[Act], at: int) -> float:  # noqa: C901 - 10 rules
    """Return the engagement as people write it without a library: latest first, rule by rule."""
    seen: set[str] = set()
    pricing = long_read = docs = careers = any_page = 0
    opened = unsubscribed = download = webinar = demo = 0
    taken: dict[tuple[str, int], int] = {}

    def fits(rule: str, period: int, most: int) -> bool:
        count = taken.get((rule, period), 0)
        taken[rule, period] = count + 1
        return count < most

    for time, name, kind, path, seconds in sorted(acts, reverse=True):
        if time > at or name in seen:
            continue
        seen.add(name)
        age, day = at - time, time // DAY
        if kind == "page_view":
            if path is not None and path.startswith("/pricing") and fits("pricing", day, 1):
                pricing += floor(5_000_000 * 2.0 ** -(age / (30 * DAY)) + 0.5)
            if seconds is not None and seconds >= 120 and age < 60 * DAY:
                long_read += floor(3_000_000 * ((60 * DAY - age) / (60 * DAY)) + 0.5)
            if path == "/docs" and fits("docs", (day + 3) // 7, 2):
                docs += 2_000_000
            if path == "/careers":
                careers = -4_000_000
            if age < 90 * DAY and fits("any_page", day, 3):
                any_page += 500_000
        elif kind == "email_open":
            if age < 60 * DAY and fits("opened", day, 1):
                opened += 1_000_000
        elif kind == "unsubscribe":
            unsubscribed = -15_000_000
        elif kind == "download":
            if fits("download", (day + 3) // 7, 2) and age < 90 * DAY:
                download += floor(4_000_000 * ((90 * DAY - age) / (90 * DAY)) + 0.5)
        elif kind == "webinar":
            steps = age // (30 * DAY)
            if fits("webinar", _month(day), 1) and steps < 2:
                webinar += floor(8_000_000 * (1 - steps * 0.5) + 0.5)
        elif kind == "demo" and age < 180 * DAY:
            demo = 25_000_000
    pricing, docs = min(pricing, 20_000_000), min(docs, 8_000_000)
    any_page, download = min(any_page, 10_000_000), min(download, 16_000_000)
    mail = min(opened + unsubscribed, 5_000_000)
    total = pricing + long_read + docs + careers + any_page + mail + download + webinar + demo
    return min(max(total, -20_000_000), 60_000_000) / 1_000_000


def _month(day: int) -> int:
    date = AT.date() + timedelta(days=day - NOW // DAY)
    return date.year * 12 + date.month


def run(*, quick: bool = False) -> None:
    count, turns = (50, 2) if quick else (1_000, 15)
    scorer = Engine(history_policy()).scorer
    random = Random(5)  # noqa: S311 - a sample is no secret
    rows = make_leads(count).to_dicts()
    leads = [lead_of(row) for row in rows]
    plain = [Row.of(record_of(row)) for row in rows]
    histories = [events_of(lead.id, random) for lead in leads]
    acts = [acts_of(events) for events in histories]
    for lead, events, row, done in zip(leads, histories, plain, acts, strict=True):
        score = scorer.score(lead, events=events, at=AT)
        assert score.fit == score_row(row, NOW)[1]
        assert score.engagement is not None
        assert abs(score.engagement - engaged(done, NOW)) < EVENTS / 1_000_000
    hand, ours, bare = "plain Python", "Scorer.score, 30 events", "Scorer.score, no events"

    def by_hand() -> None:
        for row, done in zip(plain, acts, strict=True):
            score_row(row, NOW)
            engaged(done, NOW)

    def scored() -> None:
        for lead, events in zip(leads, histories, strict=True):
            scorer.score(lead, events=events, at=AT)

    def without() -> None:
        for lead in leads:
            scorer.score(lead, at=AT)

    works = {hand: by_hand, ours: scored, bare: without}
    timings = in_turns({name: subject(work, processor=True) for name, work in works.items()}, turns)
    lines = []
    for name in works:
        ratio = "1" if name == hand else str(timings.ratio(name, hand))
        lines.append([name, f"{timings.median(name) / count * 1e6:.1f}", ratio, ""])
    table(
        f"One lead with 30 events, 20 + 10 rules: {count:,} leads, {turns} turns, equal points",
        ["processor time", "us a lead", "times plain Python", ""],
        lines,
        [
            "Plain Python reads tuples whose times are microseconds, and gives numbers only.",
            "It checks no ids against each other, and has no retractions.",
        ],
    )
