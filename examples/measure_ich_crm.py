"""Measure the score of a school's deals on real outcomes: `python examples/measure_ich_crm.py`.

Every deal is scored as of one day after it was created, by what its form said and by the calls
that its person had taken or made until then. A deal is won if it was paid; one that is still open
counts as not won, however young it is.

What a score may read is told by the share of deals in which a field is known: one that is filled
in later is known in fewer deals of the last day before the export than in old ones.

What the school spent on advertising is added up, and compared with what was published of it; its
rows are of a campaign and a day, so that they are neither leads nor events, and no score reads it.

The area under the ROC curve (AUC) is the share of pairs of a won deal and one that was not won in
which the won one has the higher score, a tie counting half. The intervals are Wilson's, at 95 %.

Every deal is scored as one lead and as a row of a frame, and the two must be equal.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from math import sqrt
from pathlib import Path

import polars as pl

from leadrules import Engine, Event, Intake, Lead, Money, Policy, load_mapping, load_policy

HERE = Path(__file__).parent
DATA = Path(os.environ.get("LEADRULES_DATA", HERE.parent.parent / "shared" / "data"))
A_DAY = timedelta(days=1)
GRADES = {"A": 6, "B": 5, "C": 4, "D": 3, "E": 2, "F": 1}
"""What sales thought of a deal at the end, as points; no score may read it."""
PERHAPS_LATER = (
    *("source", "page", "campaign", "content", "term", "contact_created", "sla", "product"),
    *("course_months", "education", "german_level", "initial_payment", "offer_total"),
)
MEASURED = ("score", "fit", "engagement", "grade")
Z = 1.959964
"""Standard deviations on either side of the mean that hold 95 % of a normal distribution."""


def wilson(won: int, of: int) -> tuple[float, float]:
    """Return Wilson's interval of a share, at 95 %."""
    share, width = won / of, Z * Z / of
    middle = share + width / 2
    half = Z * sqrt(share * (1 - share) / of + width / (4 * of))
    return (middle - half) / (1 + width), (middle + half) / (1 + width)


def auc(deals: pl.DataFrame, score: str) -> float:
    """Return the AUC of a column against `won`; rows without a value are left out."""
    ranked = deals.select("won", rank=pl.col(score).rank("average")).drop_nulls()
    won = ranked.filter("won")["rank"].to_list()
    lost = len(ranked) - len(won)
    return float((sum(won) - len(won) * (len(won) + 1) / 2) / (len(won) * lost))


def read(policy: Policy) -> dict[str, Intake]:
    """Return the deals, people, calls and spending; the calls find the deals of their people."""
    mappers = {
        name: load_mapping(HERE / f"ich_{name}.mapping.yaml", vocabulary=policy.vocabulary)
        for name in ("deals", "contacts", "calls", "spend")
    }
    folder = DATA / "ich_crm"
    deals = mappers["deals"].read(folder / "deals.csv")
    return {
        "deals": deals,
        "contacts": mappers["contacts"].read(folder / "contacts.csv"),
        "calls": mappers["calls"].read(folder / "calls.csv", leads=deals.leads),
        "spend": mappers["spend"].read(folder / "spend.csv"),
    }


def with_person(deals: Sequence[Lead], people: Sequence[Lead]) -> list[Lead]:
    """Return the deals, each with the moment at which its person came into the CRM."""
    came = {person.id: person.created for person in people}
    return [
        deal.model_copy(
            update={"fields": {**deal.fields, "contact_created": came.get(deal.contact_id or "")}}
        )
        for deal in deals
    ]


def scored(policy: Policy, deals: Sequence[Lead], calls: Intake) -> tuple[pl.DataFrame, bool]:
    """Return each deal's score as of a day after it was created, and whether both forms agree.

    Beside it stand what became of the deal, and the grade that it was given.
    """
    events = calls.events_by_lead()
    scorer = Engine(policy).scorer
    singles = [
        scorer.score(deal, events=events.get(deal.id, ()), at=deal.created + A_DAY)
        for deal in deals
        if deal.created is not None
    ]
    frame = scorer.score_frame(
        policy.frame(deals).with_columns(a_day_later=pl.col("created") + A_DAY),
        events=policy.event_frame(calls.events),
        at="a_day_later",
    )
    equal = all(
        [getattr(score, name) for score in singles] == frame[name].to_list()
        for name in ("score", "fit", "engagement", "lifetime", "band")
    )
    stage = pl.col("crm_stage")
    found = frame.with_columns(
        won=stage == "Payment Done",
        ended=stage.is_in(["Payment Done", "Lost"]),
        grade=pl.col("quality").replace_strict(GRADES, default=0, return_dtype=pl.Int64),
    )
    return found, equal


def known_early(deals: Sequence[Lead], say: Callable[[str], object]) -> dict[str, float]:
    """Say how often fields are known in the newest deals and in old ones; return the first."""
    created = {deal.id: deal.created for deal in deals if deal.created}
    newest = max(created.values())
    new = [deal for deal in deals if newest - created[deal.id] < A_DAY]
    old = [deal for deal in deals if newest - created[deal.id] >= 90 * A_DAY]
    heads = f"{len(new):,} deals of the last day", f"{len(old):,} older than 90 days"
    say(f"\nknown in {heads[0]:>27}{heads[1]:>26}")
    found: dict[str, float] = {}
    for name in PERHAPS_LATER:
        early, late = (sum(name in deal.record for deal in part) for part in (new, old))
        say(f"{name:16}{early:11,} {early / len(new):7.1%}{late:18,} {late / len(old):7.1%}")
        found[f"{name} known"] = early
    return found


def told_late(deals: Sequence[Lead], calls: Sequence[Event]) -> int:
    """Return how many calls had begun when their deal was scored, and had not ended."""
    at = {deal.id: deal.created + A_DAY for deal in deals if deal.created}
    return sum(
        call.time <= at[call.lead_id] < call.time + length
        for call in calls
        if isinstance(length := call.properties.get("length"), timedelta)
    )


def spent(intake: Intake, say: Callable[[str], object]) -> dict[str, float]:
    """Say what was spent, and what was published of it; return both, in euros."""
    amounts = [row["spend"] for row in intake.rows]
    total = sum((money.amount for money in amounts if isinstance(money, Money)), Decimal(0))
    say(f"{total:,} EUR were spent")
    found: dict[str, float] = {"spent": float(total)}
    published = DATA / "ich_crm" / "expected.json"
    if published.exists():
        figures = json.loads(published.read_text(encoding="utf-8"))["published"]
        expected = figures["raw_level_reproduced_here"]["spend"]
        say(f"{expected:,} EUR were published, in whole euros")
        found["spent as published"] = expected
    return found


def main(
    say: Callable[[str], object] = print, intakes: Mapping[str, Intake] | None = None
) -> dict[str, float]:
    """Read the files, score the deals, and return what was measured, by name."""
    policy = load_policy(HERE / "ich_crm.policy.yaml")
    intakes = intakes or read(policy)
    for name, intake in intakes.items():
        say(f"{name}: {intake.summary()}")
    calls = intakes["calls"].events
    kinds = Counter(call.kind for call in calls)
    say(f"of the events {kinds['touch']} are touches and {kinds['activity']} activities")

    people = intakes["contacts"].leads
    deals = with_person(intakes["deals"].leads, people)
    known = sum("contact_created" in deal.record for deal in deals)
    say(f"{known} of {len(deals)} deals have a person among the {len(people)} contacts")
    frame, equal = scored(policy, deals, intakes["calls"])
    say(f"lead form and frame form are {'equal' if equal else 'DIFFERENT'} on {len(frame)} deals")
    late = told_late(deals, calls)
    say(f"{late} of {kinds['activity']} calls had begun at the moment of a score, but not ended")
    won, ended = len(frame.filter("won")), len(frame.filter("ended"))
    say(f"{won} of {len(frame)} deals were won; {ended} have ended")

    found: dict[str, float] = {"equal": equal, "deals": len(frame), "won": won}
    found["calls told late"] = late
    found |= spent(intakes["spend"], say)
    found |= known_early(deals, say)
    say("\nband     deals    won    rate    interval")
    for band in policy.scoring.bands.levels if policy.scoring and policy.scoring.bands else ():
        part = frame.filter(pl.col("band") == band.name)
        won, of = len(part.filter("won")), len(part)
        low, high = wilson(won, of)
        say(f"{band.name:6} {of:7,} {won:6,} {won / of:7.2%}    {low:.2%} to {high:.2%}")
        found |= {f"{band.name} deals": of, f"{band.name} won": won}

    say("\nAUC                    won of deals   score     fit  engagement   grade given later")
    odd, even = frame.gather_every(2, offset=1), frame.gather_every(2)
    parts = {"odd rows": odd, "even rows": even, "odd rows that ended": odd.filter("ended")}
    for name, part in parts.items():
        aucs = {column: auc(part, column) for column in MEASURED}
        shown = "{score:8.3f}{fit:8.3f}{engagement:12.3f}{grade:20.3f}".format(**aucs)
        say(f"{name:20} {len(part.filter('won')):5} of {len(part):6,}{shown}")
        found |= {f"{column}, {name}": value for column, value in aucs.items()}
    return found


if __name__ == "__main__":
    sys.exit(0 if main()["equal"] else 1)
