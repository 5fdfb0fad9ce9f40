from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings

from leadrules import EvaluationError, Event, Lead, Policy, Score, Scorer, load_policy, presets
from leadrules.scoring.explanation import Explanation
from leadrules.scoring.items import Item
from leadrules.testing import History, Violation, check_policy
from leadrules.testing.invariants import (
    bands_do_not_flap,
    caps_hold,
    decay_never_raises,
    explanations_add_up,
    frames_equal_leads,
    order_does_not_matter,
    positive_activities_never_lower,
)
from tests.testing.samples import ACME, ACME_POLICY

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
DAY = timedelta(days=1)


def event(number: int, time: datetime, **said: Any) -> Event:
    return Event(
        lead_id="17", id=f"e{number}", time=time, kind="activity", type="page_view", properties=said
    )


LEAD = ACME_POLICY.lead({"id": "17", "company.employees": 800, "seniority": "vp", "email": "a"})
EVENTS = (
    event(1, AT - DAY, path="/pricing"),
    event(2, AT - 30 * DAY, path="/pricing", seconds=300),
)
HISTORY = History(LEAD, EVENTS, AT)
TOLD = (
    "lead: Lead(id='17', email='a', seniority='vp', company=Company(employees=800))\n"
    "at: 2026-03-02T08:00:00+00:00\n"
    "events:\n"
    "  2026-03-01T08:00:00+00:00 e1: page_view (path: /pricing)\n"
    "  2026-01-31T08:00:00+00:00 e2: page_view (path: /pricing, seconds: 300)"
)


def scorer(kind: type[Scorer] = Scorer, policy: Policy = ACME_POLICY) -> Scorer:
    assert policy.scoring is not None
    return kind(policy.scoring, vocabulary=policy.vocabulary, policy=policy.hash)


def violated(law: Any, kind: type[Scorer], history: History = HISTORY) -> str:
    law(scorer(), history)
    with pytest.raises(Violation) as raised:
        law(scorer(kind), history)
    return str(raised.value)


class Counting(Scorer):
    """Counts an event as often as it is given."""

    def score(self, lead: Lead, *, events: Iterable[Event] = (), **more: Any) -> Score:
        given = tuple(events)
        found = super().score(lead, events=given, **more)
        return replace(found, score=found.score + len(given))


class Uncapped(Scorer):
    """Gives a fit beyond its limit, and a score below the least."""

    def score(self, lead: Lead, **more: Any) -> Score:
        found = super().score(lead, **more)
        return replace(found, fit=(found.fit or 0) + 25, score=found.score - 100)


class Above(Scorer):
    """Gives a score beyond its limit."""

    def score(self, lead: Lead, **more: Any) -> Score:
        return replace(super().score(lead, **more), score=101)


class Below(Scorer):
    """Gives a score below its limit."""

    def score(self, lead: Lead, **more: Any) -> Score:
        return replace(super().score(lead, **more), score=-1)


class Jealous(Scorer):
    """Takes points for every activity."""

    def score(self, lead: Lead, *, events: Iterable[Event] = (), **more: Any) -> Score:
        given = {event.id: event for event in events}
        found = super().score(lead, events=given.values(), **more)
        return replace(found, engagement=(found.engagement or 0) - 20 * len(given))


class Growing(Scorer):
    """Gives more for activities than they would be worth if nothing faded."""

    def score(self, lead: Lead, **more: Any) -> Score:
        found = super().score(lead, **more)
        return replace(found, engagement=25.5)


class Ripening(Scorer):
    """Gives more for activities the older they are."""

    def score(self, lead: Lead, *, at: datetime, **more: Any) -> Score:
        found = super().score(lead, at=at, **more)
        return replace(found, engagement=(found.engagement or 0) + (at > AT))


class Forgetful(Scorer):
    """Takes no notice of the band before."""

    def score(self, lead: Lead, *, previous: str | None = None, **more: Any) -> Score:
        del previous
        return super().score(lead, **more)


class Restless(Scorer):
    """Gets a lead out of the band that it is in."""

    def score(self, lead: Lead, *, previous: str | None = None, **more: Any) -> Score:
        found = super().score(lead, previous=previous, **more)
        return replace(found, band="cold" if previous == found.band else found.band)


class Vague(Scorer):
    """Forgets a part in its explanations."""

    def explain(self, lead: Lead, **more: Any) -> Explanation:
        found = super().explain(lead, **more)
        return replace(found, tree=replace(found.tree, parts=found.tree.parts[1:]))


class Wrong(Scorer):
    """Explains another score."""

    def explain(self, lead: Lead, **more: Any) -> Explanation:
        found = super().explain(lead, **more)
        return replace(found, tree=replace(found.tree, millionths=5_000_000, parts=()))


class Uneven(Scorer):
    """Puts points from one part of an explanation into another."""

    def explain(self, lead: Lead, **more: Any) -> Explanation:
        found = super().explain(lead, **more)
        first, *others = found.tree.parts
        moved = replace(first, millionths=first.millionths + 1_000_000)
        return replace(found, tree=replace(found.tree, parts=(moved, *others)))


class Framed(Scorer):
    """Gives other letters in frames."""

    def score_frame(self, leads: Any, **more: Any) -> Any:
        import polars as pl

        return super().score_frame(leads, **more).with_columns(pl.lit("C").alias("fit_letter"))


def test_events_in_any_order() -> None:
    assert violated(order_does_not_matter, Counting) == (
        "events count the same in any order, and once, but given twice they make the score 61 "
        f"instead of 59\n{TOLD}"
    )


def test_limits() -> None:
    law = "scores are within their limits, but "
    assert violated(caps_hold, Uncapped).startswith(f"{law}the score is -43, below 0\nlead:")
    assert violated(caps_hold, Above).startswith(f"{law}the score is 101, above 100\nlead:")
    assert violated(caps_hold, Below).startswith(f"{law}the score is -1, below 0\nlead:")


def test_limits_of_parts() -> None:
    class Fitter(Scorer):
        def score(self, lead: Lead, **more: Any) -> Score:
            return replace(super().score(lead, **more), fit=40.5)

    assert violated(caps_hold, Fitter).startswith(
        "scores are within their limits, but the fit is 40.5, above 40\n"
    )


GROUPED = load_policy(
    ACME.replace(
        "    letters: {A", "    groups: {who: {of: [size, role], max: 35}}\n    letters: {A"
    )
)


class Loose(Scorer):
    """Explains a group or a rule beyond its limits, or without it."""

    name = "who"
    millionths = 35_500_000

    def explain(self, lead: Lead, **more: Any) -> Explanation:
        found = super().explain(lead, **more)
        return replace(found, tree=self._loose(found.tree))

    def _loose(self, item: Item) -> Item:
        if item.name == self.name:
            return replace(item, millionths=self.millionths)
        return replace(item, parts=tuple(self._loose(part) for part in item.parts))


class LooseRule(Loose):
    name = "pricing"
    millionths = 31_000_000


class LooseAtAll(Loose):
    name = "fit"

    def _loose(self, item: Item) -> Item:
        return replace(super()._loose(item), parts=item.parts[1:])


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Loose, "group 'who' is 35.5, above 35"),
        (LooseRule, "rule 'pricing' is 31, above 30"),
        (LooseAtAll, "group 'who' is not in the explanation"),
    ],
)
def test_limits_of_groups_and_rules(kind: type[Scorer], told: str) -> None:
    caps_hold(scorer(policy=GROUPED), HISTORY)
    with pytest.raises(Violation) as raised:
        caps_hold(scorer(kind, GROUPED), HISTORY)
    assert str(raised.value) == f"scores are within their limits, but {told}\n{TOLD}"


def test_least_points_of_a_rule() -> None:
    policy = load_policy(ACME.replace("        max: 30\n", "        max: 30\n        min: 2\n"))
    quiet = replace(HISTORY, events=())

    class Low(Loose):
        name = "pricing"
        millionths = 1_500_000

    caps_hold(scorer(policy=policy), quiet)
    with pytest.raises(Violation, match=r"but rule 'pricing' is 1\.5, below 2\n"):
        caps_hold(scorer(Low, policy), quiet)


def test_good_signs() -> None:
    assert violated(positive_activities_never_lower, Jealous) == (
        "an activity that costs no points never lowers, but 'e2' lowers the engagement from "
        f"-10.2284 to -22.561733\n{TOLD}"
    )


def test_an_activity_that_costs_points_may_lower() -> None:
    gone = Event(lead_id="17", id="u", time=AT - DAY, kind="activity", type="unsubscribe")
    positive_activities_never_lower(scorer(Jealous), replace(HISTORY, events=(gone,)))


def test_decay() -> None:
    assert violated(decay_never_raises, Growing) == (
        f"points only fade, but the engagement is 25.5, and 24 if nothing faded\n{TOLD}"
    )
    assert violated(decay_never_raises, Ripening).startswith(
        "points only fade, but the engagement is 17.438267, and 18.438267 at "
        "2026-03-02T08:00:00.000001+00:00\n"
    )


def test_a_condition_that_reads_the_moment_may_come_true_later() -> None:
    text = ACME.replace(
        "seconds: {type: integer}", "seconds: {type: integer}, due: {type: datetime}"
    )
    policy = load_policy(
        text.replace("activity.seconds > 120", 'older_than(activity.due, "1 hour")')
    )
    due = replace(HISTORY, events=(event(1, AT - DAY, due=AT),))
    decay_never_raises(scorer(policy=policy), due)
    decay_never_raises(scorer(Ripening, policy=policy), due)


def test_bands_stay_where_they_were() -> None:
    assert violated(bands_do_not_flap, Forgetful).startswith(
        "between leaving and entering a band, leads stay where they were, but a lead leaves 'hot' "
        "though 57 is between 50 and 60\nlead: "
    )
    assert violated(bands_do_not_flap, Restless).startswith(
        "a band that is reached is kept, but what is 'cold' after 'hot' is then 'warm'\n"
    )


def test_explanations() -> None:
    law = "the items of an explanation sum to the score, but "
    assert violated(explanations_add_up, Wrong).startswith(
        f"{law}its tree comes to 5, and the score is 57\n"
    )
    assert violated(explanations_add_up, Vague).startswith(f"{law}its leaves sum to ")
    assert violated(explanations_add_up, Uneven).startswith(
        f"{law}the parts of 'score' sum to 58, and it is 57\n"
    )


def test_frames() -> None:
    several = [HISTORY, History(Lead(id="1"), (), AT, "warm")]
    frames_equal_leads(scorer(), several)
    with pytest.raises(Violation) as raised:
        frames_equal_leads(scorer(Framed), several)
    assert str(raised.value).startswith(
        "a frame scores as each lead alone does, but the fit_letter is C in a frame, and A alone\n"
        "lead: Lead(id='1', "
    )


def test_a_policy_without_bands_or_engagement_breaks_no_law() -> None:
    policy = load_policy(
        """
leadrules: 1
policy: {id: plain, version: 1, effective: 2026-01-01}
fields: {moment: {type: datetime}}
scoring: {fit: {characteristics: {size: [{when: company.employees >= 500, points: 2.5}]}}}
"""
    )
    check_policy(policy, examples=10)


@pytest.mark.parametrize("policy", [ACME_POLICY, load_policy(presets.demo_policy())], ids=str)
def test_all_laws_hold(policy: Policy) -> None:
    check_policy(policy, examples=max(10, settings().max_examples // 4))


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Counting, "events count the same"),
        (Above, "scores are within their limits"),
        (Jealous, "an activity that costs no points never lowers"),
        (Growing, "points only fade"),
        (Restless, "a band that is reached is kept"),
        (Forgetful, "between leaving and entering a band"),
        (Vague, "the items of an explanation sum to the score"),
    ],
)
def test_a_broken_scorer_is_found_out(kind: type[Scorer], told: str) -> None:
    with pytest.raises(Violation, match=told):
        check_policy(ACME_POLICY, examples=60, scorer=scorer(kind))


def test_a_policy_without_scoring_cannot_be_checked() -> None:
    policy = load_policy(
        {"leadrules": 1, "policy": {"id": "p", "version": 1, "effective": "2026-01-01"}}
    )
    with pytest.raises(EvaluationError, match="policy 'p' has no section 'scoring'"):
        check_policy(policy)
