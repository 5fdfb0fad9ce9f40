"""Follow a school's deals through its lifecycle: `python -m examples.measure_ich_lifecycle`.

What the CRM's export knows is stated as facts, and replayed: the machine applies a fact without
asking, and the audit lists afterwards what the policy would have refused. Every deal is followed
as one lead and as rows of a frame, and the two must be equal.

What can be stated, and when it happened:

- a deal arises at its Created Time, to the minute;
- every call of its person that took place is a touch, at its start; of a person with several
  deals it goes to the latest deal before it;
- a deal that is lost or paid moved there on its Closing Date. That is a day and no time, so that
  the fact is stated at the end of the day: all calls of the day were before it;
- any other deal is in its stage when the export is made, and the fact says no more. That goes for
  open deals, and for those that ended on no day, before they were created, or after the export.

What cannot be stated, since the export does not know it: the stages between the first and the
last, who moved a deal, and who owned it before its last owner; when a grade was given, so that
guards read that of the export; messages, and calls by other telephones. Only people have a time
of their last change, and it does not say what was changed.
"""

from __future__ import annotations

import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from examples.measure_ich_crm import HERE, read
from leadrules import Engine, Event, Intake, Lead, Policy, Refusal, load_policy
from leadrules.lifecycle.document import Lifecycle
from leadrules.lifecycle.obligations import Obligation
from leadrules.lifecycle.trail import Trail

STAGES = {
    "New Lead": "inquiry",
    "Need To Call": "inquiry",
    "Registered on Webinar": "invited",
    "Registered on Offline Day": "invited",
    "Call Delayed": "in_talks",
    "Need a consultation": "in_talks",
    "Qualificated": "qualified",
    "Need to Call - Sales": "qualified",
    "Test Sent": "qualified",
    "Waiting For Payment": "payment",
    "Payment Done": "won",
}
"""The stages of the CRM but two. `Lost` is several here, by the reason. What became of the deal in
`Free Education`, nobody says: its fact names a stage that the policy does not know."""
ENDED = ("Lost", "Payment Done")
"""The stages of the CRM in which the Closing Date says when a deal came there."""
GRADES = (*"ABCDEF", None)
A_MINUTE = timedelta(minutes=1)
Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal with its facts, and what became of it.

    Attributes:
        lead: The deal.
        calls: The calls that took place, in their order.
        moved: The fact that states its stage; None if it is in the first.
        dated: Whether the export says on which day it came to its stage.
        trail: Its course through the lifecycle.
        refusals: What the policy would have refused.
    """

    lead: Lead
    calls: Sequence[Event]
    moved: Event | None
    dated: bool
    trail: Trail
    refusals: Sequence[Refusal]

    def said(self, name: str) -> str | None:
        """Return what the CRM says of the deal in a field."""
        found = self.lead.fields.get(name)
        return None if found is None else str(found)

    def owed(self, rule: str) -> Obligation:
        """Return what was owed to it by a rule from the day it was created on."""
        return next(found for found in self.trail.obligations if found.name == rule)


# --- facts


def stage_of(deal: Lead, lifecycle: Lifecycle) -> str:
    """Return the stage of the lifecycle that a deal is in."""
    stage, reason = str(deal.fields["crm_stage"]), deal.fields.get("lost_reason")
    if stage != "Lost":
        return STAGES.get(stage, stage)
    ends = (name for name, found in lifecycle.stages.items() if reason in found.why)
    return next(ends, "lost")


def closed_at(deal: Lead, zone: ZoneInfo, exported: datetime) -> datetime | None:
    """Return when a deal came to its end: the last moment of the day, if the export knows it."""
    day = deal.fields.get("closed")
    if deal.fields["crm_stage"] not in ENDED or not isinstance(day, date) or deal.created is None:
        return None
    if not deal.created.astimezone(zone).date() <= day <= exported.astimezone(zone).date():
        return None
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(days=1)
    return min(midnight - timedelta(microseconds=1), exported)


def moved(
    deal: Lead, lifecycle: Lifecycle, zone: ZoneInfo, exported: datetime
) -> tuple[Event | None, bool]:
    """Return the fact that states the stage of a deal, and whether the export dates it."""
    stage = stage_of(deal, lifecycle)
    if stage == lifecycle.initial:
        return None, False
    closed = closed_at(deal, zone, exported)
    said: dict[str, str] = {"to": stage}
    if deal.fields["crm_stage"] == "Lost" and "lost_reason" in deal.fields:
        said["reason"] = str(deal.fields["lost_reason"])
    if closed is None:
        said["note"] = "found in the export; when it came there is not known"
    fact = Event(
        lead_id=deal.id, id="stage", time=closed or exported, kind="moved", properties=said
    )
    return fact, closed is not None


def followed(policy: Policy, deals: Iterable[Lead], events: Iterable[Event]) -> list[Deal]:
    """Return the deals, each with its facts, its course, and what would have been refused."""
    machine, zone = Engine(policy).machine, ZoneInfo(policy.policy.zone)
    calls: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event.kind == "touch":
            calls[event.lead_id].append(event)
    leads = list(deals)
    times = [call.time for found in calls.values() for call in found]
    exported = max([*times, *(x.created for x in leads if x.created)])
    result = []
    for lead in leads:
        fact, dated = moved(lead, machine.lifecycle, zone, exported)
        own = sorted(calls.get(lead.id, ()), key=lambda call: call.time)
        facts = own if fact is None else [*own, fact]
        trail = machine.trail(lead, events=facts, at=exported)
        refusals = machine.audit(lead, events=facts, at=exported)
        result.append(Deal(lead, own, fact, dated, trail, refusals))
    return result


def equal_in_a_frame(policy: Policy, deals: Sequence[Deal], say: Say) -> dict[str, float]:
    """Replay the facts as a frame, and return whether its entries are those of the deals."""
    facts = [
        fact
        for deal in deals
        for fact in (*deal.calls, *([] if deal.moved is None else [deal.moved]))
    ]
    table = Engine(policy).machine.replay_frame(
        policy.event_frame(facts), leads=policy.frame([deal.lead for deal in deals])
    )
    singles = [
        astuple(entry)
        for deal in sorted(deals, key=lambda deal: deal.lead.id)
        for entry in deal.trail.entries
    ]
    equal = list(table.iter_rows()) == singles
    verdict = "equal" if equal else "DIFFERENT"
    say(f"lead form and frame form are {verdict} on {len(singles):,} entries into stages")
    return {"equal": equal, "entries": len(singles)}


# --- how fast the first call is


def office_hours(deals: Sequence[Deal], zone: ZoneInfo, say: Say) -> dict[str, float]:
    """Say at which hours of the export the office calls, before and after its clocks change.

    An office opens by its own clock. If that moves against the clock of the export, the export
    has a zone of fixed offset; if it does not, the clock of the export changes with it.
    """
    calls = [on_the_wall(x.time, zone) for deal in deals for x in deal.calls if _is_tried(x)]
    say("\nCalls before 10:00, and until 11:00, in the three weeks before and after a change")
    found: dict[str, float] = {}
    for change in CHANGES:
        for name, start in (("before", change - THREE_WEEKS), ("after", change)):
            hours = [x.hour for x in calls if start <= x < start + THREE_WEEKS]
            shares = [sum(x in part for x in hours) / len(hours) for part in (range(10), (10,))]
            say(f"{name:6} {change:%Y-%m-%d}{shares[0]:7.1%}{shares[1]:8.1%}")
            key = f"{name} {change:%Y-%m-%d}"
            found |= {f"{key} before 10": shares[0], f"{key} until 11": shares[1]}
    return found


CHANGES = (datetime(2023, 10, 29), datetime(2024, 3, 31))  # noqa: DTZ001 - a clock on a wall
THREE_WEEKS = timedelta(weeks=3)


def _is_tried(call: Event) -> bool:
    return call["direction"] == "outbound"


def first_calls(deals: Sequence[Deal], zone: ZoneInfo, say: Say) -> dict[str, float]:
    """Compare the time to the first call with what the CRM says it was.

    The CRM subtracts what clocks on the wall show, so that it is an hour off where they changed.
    """
    people = Counter(deal.lead.contact_id for deal in deals if deal.lead.contact_id)
    found: Counter[str] = Counter()
    for deal in deals:
        created, sla = deal.lead.created, deal.lead.fields.get("sla")
        outbound = [x.time for x in deal.calls if _is_tried(x)]
        alone = deal.lead.contact_id is not None and people[deal.lead.contact_id] == 1
        if not (alone and outbound and created and isinstance(sla, timedelta)):
            continue

        def fits(
            moment: datetime, start: datetime = created, length: timedelta = sla, *, wall: bool
        ) -> bool:
            span = on_the_wall(moment, zone) - on_the_wall(start, zone) if wall else moment - start
            return abs(span - length) <= A_MINUTE

        first = min(outbound)
        found["deals"] += 1
        run = next(x for x in deal.trail.clocks if x.clock == "first_call")
        found["the clock says the same"] += (run.start, run.stop) == (created, first)
        found["the clock began before"] += run.start < created
        found["the clock ended before"] += run.stop is None
        found["by the clock on the wall"] += fits(first, wall=True)
        found["in real time"] += fits(first, wall=False)
        if fits(first, wall=True) != fits(first, wall=False):
            found["only by the clock on the wall"] += fits(first, wall=True)
            found["only in real time"] += fits(first, wall=False)
        elif not fits(first, wall=True):
            found[_why([x for x in deal.calls if x.time != first], fits)] += 1
    say(f"""
How fast was the first call?
{found["deals"]:,} people have one deal, with a first call and the CRM's own time to it (SLA).
{found["by the clock on the wall"]:7,} agree within a minute by the clock on the wall
{found["in real time"]:7,} agree within a minute in real time
{found["only by the clock on the wall"]:7,} of them lie across a change to or from summer time, \
where the CRM is an hour off
{found["a call of theirs"]:7,} others fit a call that the person made
{found["a later call"]:7,} others fit a later call than the first
{found["nothing"]:7,} fit no call
{found["the clock says the same"]:7,} are the same by the clock of the policy; \
{found["the clock ended before"]:,} were closed before their first call,
        and {found["the clock began before"]:,} began with a call that came before the deal was \
created""")
    return dict(found)


def on_the_wall(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return what a clock shows that knows nothing of zones."""
    return moment.astimezone(zone).replace(tzinfo=None)


def _why(others: Sequence[Event], fits: Callable[..., bool]) -> str:
    """Return which call the CRM may have taken for the first."""
    hits = [call for call in others if fits(call.time, wall=True)]
    if any(_is_tried(call) for call in hits):
        return "a later call"
    return "a call of theirs" if hits else "nothing"


def first_call_clock(deals: Sequence[Deal], say: Say) -> dict[str, float]:
    """Say what became of the policy's clock on the first call."""
    runs = [run for deal in deals for run in deal.trail.clocks if run.clock == "first_call"]
    found: Counter[str] = Counter(run.status for run in runs)
    say("\nThe clock of the policy: a first call within a business day after the deal was created")
    for status, meaning in CLOCK.items():
        say(f"{found[status]:7,} {found[status] / len(runs):6.1%}  {meaning}")
    return {f"clock {status}": count for status, count in found.items()}


CLOCK = {
    "met": "called in time",
    "met_late": "called too late",
    "breached": "not called in time, nor since",
    "ended": "closed before the time was over, without a call",
    "at_risk": "not called yet, later than the hour that it should take",
    "open": "not called yet, and there is time",
}


# --- how many calls


def calls_by_grade(deals: Sequence[Deal], say: Say) -> dict[str, float]:
    """Say how often deals of each grade were called."""
    say("""
How often were they called? Three attempts are owed until a deal comes to its last stage.
grade    deals    won   calls tried   median   talks   three tried   on time""")
    found: dict[str, float] = {}
    for grade in GRADES:
        part = [deal for deal in deals if deal.said("quality") == grade]
        tried = [sum(_is_tried(x) for x in deal.calls) for deal in part]
        talks = [sum(x["outcome"] == "reached" for x in deal.calls) for deal in part]
        status = Counter(deal.owed("call_attempts").status for deal in part)
        won = sum(deal.trail.state.stage == "won" for deal in part)
        made = status["met"] + status["met_late"]
        of = len(part)
        say(
            f"{grade or 'none':5}{of:9,}{won:7,}{sum(tried) / of:14.2f}{median(tried):9.0f}"
            f"{sum(talks) / of:8.2f}{made / of:14.1%}{status['met'] / of:10.1%}"
        )
        name = grade or "no grade"
        found |= {f"{name} tried": sum(tried), f"{name} talks": sum(talks), f"{name} made": made}
        found |= {f"{name} deals": of, f"{name} on time": status["met"]}
    return found


def thrown_away(deals: Sequence[Deal], say: Say) -> dict[str, float]:
    """Say how many deals were given up as not answering that were not called three times."""
    people = Counter(deal.lead.contact_id for deal in deals)
    all_calls: Counter[str | None] = Counter()
    for deal in deals:
        all_calls[deal.lead.contact_id] += len(deal.calls)
    say("""
Who was given up as not answering, and was not called three times?
reason                 lost   too early   share   never called   one call   two calls""")
    found: dict[str, float] = {}
    given_up = [deal for deal in deals if deal.trail.state.stage == "unreached"]
    early = [deal for deal in given_up if deal.owed("call_attempts").status not in MET]
    for reason in ("Doesn't Answer", "Stopped Answering", None):
        part = [x for x in given_up if reason in (None, x.trail.state.reason)]
        few = [x for x in early if reason in (None, x.trail.state.reason)]
        counts = Counter(x.owed("call_attempts").counted for x in few)
        say(
            f"{reason or 'both':18}{len(part):9,}{len(few):12,}{len(few) / len(part):8.1%}"
            f"{counts[0]:15,}{counts[1]:11,}{counts[2]:12,}"
        )
        name = reason or "both"
        found |= {f"{name} lost": len(part), f"{name} too early": len(few)}
        found |= {f"{name} called {n} times": counts[n] for n in range(3)}
    apart = sum(x.owed("attempts_apart").status not in MET for x in given_up)
    late = [x for x in given_up if x.owed("call_attempts").status == "met_late"]
    alone = [x for x in given_up if people[x.lead.contact_id] == 1]
    early_alone = [x for x in early if people[x.lead.contact_id] == 1]
    quick = sum(all_calls[x.lead.contact_id] < OWED for x in given_up)
    undated = sum(not x.dated for x in early)
    good = sum(x.said("quality") in ("A", "B", "C") for x in early)
    later = sum(_after(x) for x in early)
    say(f"""\
{quick:7,} ({quick / len(given_up):.1%}) is the quick count: of people with fewer than three calls
        in all, also by themselves, for another deal, or after the deal was given up
{good:7,} of those given up too early were graded A, B or C
{later:7,} of them were called again after the day on which they were given up
{undated:7,} of them have no day on which they were given up; all of their calls count
{len(early_alone):7,} of {len(alone):,} ({len(early_alone) / len(alone):.1%}) if only people with \
one deal are counted, whose calls cannot be of another deal
{len(late):7,} more were called three times, but not within five business days
{apart:7,} ({apart / len(given_up):.1%}) had no three attempts at least 12 hours apart""")
    return found | {
        "quick count": quick,
        "too early, good grade": good,
        "too early, called again": later,
        "too early, undated": undated,
        "too early, one deal": len(early_alone),
        "given up, one deal": len(alone),
        "called three times late": len(late),
        "not apart": apart,
    }


MET = ("met", "met_late", "waived")
OWED = 3


def _after(deal: Deal) -> bool:
    """Return whether a deal was called after it came to its last stage."""
    last = deal.trail.entries[-1].entered
    return any(x.time > last and _is_tried(x) for x in deal.calls)


# --- where they are, and what the policy says to it


def stages(
    deals: Sequence[Deal], lifecycle: Lifecycle, zone: ZoneInfo, say: Say
) -> dict[str, float]:
    """Say where the deals are, and check that no fact got lost."""
    facts = sum(len(deal.calls) + (deal.moved is not None) for deal in deals)
    held = sum(deal.trail.state.version for deal in deals)
    there = Counter(deal.trail.state.stage for deal in deals)
    stated = Counter(str(deal.moved["to"]) if deal.moved else lifecycle.initial for deal in deals)
    ended = [deal for deal in deals if deal.said("crm_stage") in ENDED]
    dated = sum(deal.dated for deal in deals)
    on_the_day = [_last_call_that_day(deal, zone) for deal in deals if deal.dated and deal.calls]
    say(f"""
Where are the deals?
{facts:,} facts went in, and {held:,} are in the states of {len(deals):,} deals
{dated:,} of {len(ended):,} deals that ended say on which day:
{sum(on_the_day):,} of {len(on_the_day):,} of these with calls had the last one that day

stage            deals   stated""")
    for name in dict.fromkeys((*lifecycle.stages, *stated)):
        say(f"{name:14}{there[name]:8,}{stated[name]:9,}")
    return {
        "facts": facts,
        "facts held": held,
        "dated": dated,
        "last call that day": sum(on_the_day),
        "dated with calls": len(on_the_day),
        **{f"in {name}": count for name, count in there.items()},
    }


def _last_call_that_day(deal: Deal, zone: ZoneInfo) -> bool:
    return deal.moved is not None and (
        deal.calls[-1].time.astimezone(zone).date() == deal.moved.time.astimezone(zone).date()
    )


def audit(deals: Sequence[Deal], say: Say) -> dict[str, float]:
    """Say which moves the policy would have refused, and why."""
    refusals = [found for deal in deals for found in deal.refusals]
    moves = sum(deal.moved is not None for deal in deals)
    found = Counter((str(x.to), unmet.code) for x in refusals for unmet in x.unmet)
    to = Counter(str(deal.moved["to"]) for deal in deals if deal.moved)
    say(f"""
What would the policy have refused?
{len(refusals):,} of {moves:,} moves, some for several reasons
to                moves   refused   because""")
    for (stage, code), count in sorted(found.items(), key=lambda x: (x[0][0], -x[1])):
        say(f"{stage:14}{to[stage]:9,}{count:10,}   {BECAUSE.get(code, code)} [{code}]")
    return {
        "moves": moves,
        "refused": len(refusals),
        **{f"{stage}: {code}": count for (stage, code), count in found.items()},
    }


BECAUSE = {
    "touches-open": "they were not called as often as is owed",
    "guard-false": "the grade says otherwise",
    "guard-unknown": "they have no grade",
    "field-missing": "a field is empty that is needed there",
    "reason-missing": "nobody says why",
    "unknown-stage": "the policy knows no such stage",
}


def main(say: Say = print, intakes: Mapping[str, Intake] | None = None) -> dict[str, float]:
    """Read the files, follow the deals, and return what was measured, by name."""
    policy = load_policy(HERE / "ich_crm.policy.yaml")
    given = intakes or read(policy)
    deals, events = given["deals"].leads, given["calls"].events
    for name in ("deals", "calls"):
        say(f"{name}: {given[name].summary()}")
    started = time.perf_counter()
    found = followed(policy, deals, events)
    seconds = time.perf_counter() - started
    say(f"{len(found):,} deals followed and audited in {seconds:.1f} seconds")
    lifecycle, zone = Engine(policy).machine.lifecycle, ZoneInfo(policy.policy.zone)
    return {
        **equal_in_a_frame(policy, found, say),
        **first_calls(found, zone, say),
        **office_hours(found, zone, say),
        **first_call_clock(found, say),
        **calls_by_grade(found, say),
        **thrown_away(found, say),
        **stages(found, lifecycle, zone, say),
        **audit(found, say),
    }


if __name__ == "__main__":
    sys.exit(0 if main()["equal"] else 1)
