"""Route a school's deals, each when it was created: `python -m examples.measure_ich_routing`.

What became of the deals is a matter of their owners; whom they went to is one of rules. Here they
go where the policy sends them, and how many each person gets stands beside what the export shows.

The people of the policy are those who own at least twenty deals in the export, by how many they
own, and are there from their first deal to their last; the router is told that they are absent
before and after. A deal is worked on until the day on which it was lost or won. Whoever comes back
with another deal goes to the owner of the last one, if that was routed on an earlier day.

Every day is routed as its deals one after the other and as a frame, and the two must be equal.

What the comparison does not say: the export knows the last owner of a deal, not who got it first;
who worked there, and when; and what was agreed on. Shares that differ are no proof that somebody
was favoured.
"""

from __future__ import annotations

import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from examples.measure_ich_crm import HERE, read
from examples.measure_ich_lifecycle import closed_at
from leadrules import (
    Assignment,
    Engine,
    Event,
    Intake,
    Lead,
    Policy,
    Rotation,
    Router,
    Unassigned,
    load_policy,
)

TABLES = {
    "countries": [
        {"page": "/pl-", "team": "poland"},
        {"page": "/at-", "team": "austria"},
    ],
    "sources": [
        {"source": "Google Ads", "team": "search"},
        {"source": "Youtube Ads", "team": "search"},
        {"source": "Facebook Ads", "team": "social"},
        {"source": "Organic", "team": "community"},
        {"source": "SMM", "team": "community"},
        {"source": "Bloggers", "team": "community"},
        {"source": "Telegram posts", "team": "community"},
        {"source": "Tiktok Ads", "team": "mixed"},
        {"source": "CRM", "team": "mixed"},
        {"source": "Webinar", "team": "mixed"},
        {"source": "Partnership", "team": "mixed"},
    ],
}
"""Which team gets what, by the page of the form and by the source."""
FEW = 20
"""Who owns fewer deals than these was there for a trial, or manages the others."""
A_MINUTE, A_DAY = timedelta(minutes=1), timedelta(days=1)
Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Stay:
    """From when to when somebody owns deals in the export.

    Attributes:
        name: What the policy calls the person.
        first: When the first of the deals was created.
        last: When the last of them was.
        deals: How many they are.
    """

    name: str
    first: datetime
    last: datetime
    deals: int

    @property
    def days(self) -> float:
        """How long the person was there, in days."""
        return (self.last - self.first) / A_DAY


@dataclass(slots=True)
class Routed:
    """What became of the deals.

    Attributes:
        router: The router.
        people: Who is there, from when to when.
        state: Where the rotation stands: at the start first, after the last deal at last.
        days: How many days there are.
        answers: What the router said of each deal, in the order in which it was asked.
        facts: That deals were lost or won.
        seconds: How long the decisions took, one after the other.
        equal: Whether the frame of every day said the same.
    """

    router: Router
    people: Sequence[Stay]
    state: Rotation
    days: int = 0
    answers: list[Assignment | Unassigned] = field(default_factory=list)
    facts: list[Event] = field(default_factory=list)
    seconds: float = 0.0
    equal: bool = True

    @property
    def given(self) -> list[tuple[Assignment, str]]:
        """What was assigned to people, each with the person."""
        return [
            (x, x.owner) for x in self.answers if isinstance(x, Assignment) and x.owner is not None
        ]


def load() -> Policy:
    """Return the policy, with the rows of its tables."""
    return load_policy(HERE / "ich_routing.policy.yaml", tables=TABLES)


# --- what the export knows


def stays(deals: Iterable[Lead]) -> list[Stay]:
    """Return who owns deals in the export, by how many; of few deals, nobody."""
    created: dict[str, list[datetime]] = defaultdict(list)
    for deal in deals:
        if deal.owner is not None and deal.created is not None:
            created[deal.owner].append(deal.created)
    found = sorted(created.values(), key=lambda times: (-len(times), min(times)))
    return [
        Stay(f"rep_{place}", min(times), max(times), len(times))
        for place, times in enumerate((x for x in found if len(x) >= FEW), start=1)
    ]


def by_day(deals: Iterable[Lead], zone: ZoneInfo) -> dict[date, list[Lead]]:
    """Return the deals of each day, in the order in which they were created."""
    found: dict[date, list[Lead]] = defaultdict(list)
    for deal in sorted(deals, key=_order):
        found[created(deal).astimezone(zone).date()].append(deal)
    return dict(sorted(found.items()))


def created(deal: Lead) -> datetime:
    """Return when a deal was created."""
    assert deal.created is not None  # noqa: S101 - the export knows it of every deal
    return deal.created


def _order(deal: Lead) -> tuple[datetime, str]:
    return created(deal), deal.id


def closings(deals: Iterable[Lead], zone: ZoneInfo) -> dict[date, list[Event]]:
    """Return the facts that deals were won or lost, by day; each is stated when the day ends."""
    leads = list(deals)
    exported = max(map(created, leads))
    found: dict[date, list[Event]] = defaultdict(list)
    for deal in leads:
        closed = closed_at(deal, zone, exported)
        if closed is not None:
            to = "lost" if deal.fields["crm_stage"] == "Lost" else "won"
            fact = Event(
                lead_id=deal.id, id="closed", time=closed, kind="moved", properties={"to": to}
            )
            found[closed.astimezone(zone).date()].append(fact)
    return found


# --- who gets them


def told(router: Router, people: Sequence[Stay], start: datetime) -> Rotation:
    """Return the state in which everybody is absent before the first deal and after the last."""
    state = router.start()
    for person in people:
        after = person.last + A_MINUTE
        state = router.absent(state, member=person.name, start=start, end=person.first)
        state = router.absent(state, member=person.name, start=after)
    return state


def routed(policy: Policy, deals: Sequence[Lead]) -> Routed:
    """Return who gets the deals, each when it was created."""
    router, zone, people = Engine(policy).router, ZoneInfo(policy.policy.zone), stays(deals)
    state = told(router, people, min(map(created, deals)) - A_DAY)
    result = Routed(router, people, state)
    ended = closings(deals, zone)
    had: dict[str, str] = {}
    for day, known in by_day(deals, zone).items():
        leads, answers = [_as_asked(deal, had) for deal in known], []
        state = result.state
        begun = time.perf_counter()
        for lead in leads:
            answer, state = router.route(lead, at=created(lead), state=state)
            answers.append(answer)
        result.seconds += time.perf_counter() - begun
        table, same = router.route_frame(policy.frame(leads), at="created", state=result.state)
        result.equal &= same == state and table.select(COLUMNS).rows() == _rows(answers)
        for lead, answer in zip(leads, answers, strict=True):
            if isinstance(answer, Assignment) and answer.owner and lead.contact_id:
                had[lead.contact_id] = answer.owner
        for fact in ended.get(day, ()):
            state = router.note(state, fact)
            result.facts.append(fact)
        result.answers += answers
        result.days += 1
        result.state = state
    return result


COLUMNS = ("lead_id", "time", "rule", "pool", "owner", "queue", "code")


def _rows(answers: Iterable[Assignment | Unassigned]) -> list[tuple[Any, ...]]:
    return [tuple(getattr(answer, name, None) for name in COLUMNS) for answer in answers]


def _as_asked(deal: Lead, had: Mapping[str, str]) -> Lead:
    """Return a deal with what the policy reads of it, and who got the last of the same person."""
    known = {"page": deal.fields.get("page"), "last_owner": had.get(deal.contact_id or "")}
    said = {name: value for name, value in known.items() if value is not None}
    return Lead(
        id=deal.id,
        contact_id=deal.contact_id,
        created=deal.created,
        source=deal.source,
        fields=said,
    )


# --- how they are shared


def gini(shares: Iterable[float]) -> float:
    """Return the Gini coefficient: 0 if all have the same, near 1 if one has everything."""
    ordered = sorted(shares)
    total, of = sum(ordered), len(ordered)
    weighted = sum(place * share for place, share in enumerate(ordered, start=1))
    return (2 * weighted / total - (of + 1)) / of


def where_to(found: Routed, say: Say) -> dict[str, float]:
    """Say by which rule the deals went where."""
    to: Counter[tuple[str, str]] = Counter()
    for answer in found.answers:
        place = f"nobody: {answer.code}" if isinstance(answer, Unassigned) else ""
        if isinstance(answer, Assignment):
            place = f"queue {answer.queue}" if answer.queue else f"pool {answer.pool}"
            place = "the person" if place == "pool None" else place
        to[answer.rule or "no rule", place] += 1
    say("\nrule       goes to              deals")
    for (rule, place), count in sorted(to.items(), key=lambda x: (x[0][0], -x[1])):
        say(f"{rule:10} {place:17}{count:9,}")
    return {f"{rule}: {place}": count for (rule, place), count in to.items()}


def by_month(deals: Sequence[Lead], found: Routed, zone: ZoneInfo, say: Say) -> dict[str, float]:
    """Say how evenly the deals of each month are shared, in the export and by the policy."""
    shown: dict[str, Counter[str]] = defaultdict(Counter)
    given: dict[str, Counter[str]] = defaultdict(Counter)
    for deal in deals:
        if deal.owner is not None:
            shown[f"{created(deal).astimezone(zone):%Y-%m}"][deal.owner] += 1
    for answer, owner in found.given:
        given[f"{answer.time.astimezone(zone):%Y-%m}"][owner] += 1
    say("""
          ------------ the export -------------    ------------ the policy -------------
month     people   most   median   least   gini    people   most   median   least   gini""")
    result: dict[str, float] = {}
    for month, counts in sorted(shown.items()):
        cells = []
        for name, part in (("export", counts.values()), ("policy", given[month].values())):
            share = result[f"gini {month}, {name}"] = gini(part)
            cells.append(
                f"{len(part):9}{max(part):7,}{median(part):9.0f}{min(part):8,}{share:7.3f}"
            )
        say(f"{month}{'  '.join(cells)}")
    for name in ("export", "policy"):
        result[f"gini, {name}"] = median(result[f"gini {month}, {name}"] for month in shown)
    say(f"median{result['gini, export']:41.3f}{result['gini, policy']:42.3f}")
    return result


def by_person(policy: Policy, found: Routed, say: Say) -> dict[str, float]:
    """Say how many deals each person has in the export, and gets by the policy."""
    got = Counter(owner for _, owner in found.given)
    owned, given = sum(x.deals for x in found.people), sum(got.values())
    teams = _teams(policy)
    say("""
                   ------- the export -------    ------- the policy -------
person    months   deals   share   per month    deals   share   per month   team, weight""")
    export: list[float] = []
    by_policy: list[float] = []
    for person in found.people:
        name, months = person.name, person.days / 30
        cells = []
        for rates, count, of in (
            (export, person.deals, owned),
            (by_policy, got[name], given),
        ):
            rates.append(count / months)
            cells.append(f"{count:8,}{count / of:8.1%}{count / months:12.1f}")
        say(f"{name:8}{months:8.1f}{' '.join(cells)}   {teams[name]}")
    result: dict[str, float] = {"owned": owned, "given": given}
    for name, rates in (("export", export), ("policy", by_policy)):
        result |= {f"per month, {name}": gini(rates), f"most, {name}": max(rates) / min(rates)}
    say(
        f"per month: gini {result['per month, export']:.3f} in the export and "
        f"{result['per month, policy']:.3f} by the policy; the most is "
        f"{result['most, export']:.1f} and {result['most, policy']:.1f} times the least"
    )
    return result


TEAMS = ("search", "social", "community", "mixed")


def _teams(policy: Policy) -> dict[str, str]:
    """Return the team of each person, with the weight in it."""
    assert policy.routing is not None  # noqa: S101 - that is what the policy is for
    pools, members = policy.routing.pools, policy.routing.members
    return {
        who: f"{name}, {share.weight}"
        for name in TEAMS
        for who, share in pools[name].shares(members).items()
    }


def fairly(found: Routed, start: Rotation, say: Say) -> dict[str, float]:
    """Say of every pool how far one member was ever before another, for their weights."""
    say("\npool         deals   largest deviation   bound")
    result: dict[str, float] = {"within": 1}
    for pool in found.router.routing.pools:
        report = found.router.fairness([*found.answers, *found.facts], pool=pool, state=start)
        if report.largest is None or "least_loaded" in " ".join(report.unbound):
            continue
        leads, bound = float(report.largest.leads), float(report.largest.bound)
        say(f"{pool:10}{report.leads:8,}{leads:20.3f}{bound:8.3f}")
        result |= {f"{pool} deals": report.leads, f"{pool} deviation": leads / bound}
        result["within"] *= report.is_within
    return result


def again(deals: Sequence[Lead], found: Routed, say: Say) -> dict[str, float]:
    """Say how many people with several deals have the same owner every time."""
    shown = {deal.id: deal.owner for deal in deals}
    given = {answer.lead_id: owner for answer, owner in found.given}
    people: dict[str, list[str]] = defaultdict(list)
    for deal in deals:
        if deal.contact_id and deal.id in given:
            people[deal.contact_id].append(deal.id)
    several = [ids for ids in people.values() if len(ids) > 1]
    one = [sum(len({x[i] for i in ids}) == 1 for ids in several) for x in (shown, given)]
    say(
        f"\nOf {len(several):,} people with several deals {one[0]:,} ({one[0] / len(several):.1%}) "
        f"have one owner in the export, and {one[1]:,} ({one[1] / len(several):.1%}) by the policy"
    )
    return {"several": len(several), "one, export": one[0], "one, policy": one[1]}


def report(
    policy: Policy, deals: Sequence[Lead], found: Routed, say: Say = print
) -> dict[str, float]:
    """Say where the deals went, and return what was measured, by name."""
    zone = ZoneInfo(policy.policy.zone)
    start = told(found.router, found.people, min(map(created, deals)) - A_DAY)
    say(
        f"{len(found.answers):,} deals of {found.days} days to {len(found.people)} people, "
        f"{found.seconds / len(found.answers) * 1e6:.0f} microseconds each; lead form and frame "
        f"form are {'equal' if found.equal else 'DIFFERENT'}"
    )
    return {
        "equal": found.equal,
        "deals": len(found.answers),
        "people": len(found.people),
        **where_to(found, say),
        **by_month(deals, found, zone, say),
        **by_person(policy, found, say),
        **fairly(found, start, say),
        **again(deals, found, say),
    }


def main(say: Say = print, intakes: Mapping[str, Intake] | None = None) -> dict[str, float]:
    """Read the deals, route them, and return what was measured, by name."""
    policy = load()
    deals = (intakes or read(load_policy(HERE / "ich_crm.policy.yaml")))["deals"].leads
    return report(policy, deals, routed(policy, deals), say)


if __name__ == "__main__":
    sys.exit(0 if main()["equal"] else 1)
