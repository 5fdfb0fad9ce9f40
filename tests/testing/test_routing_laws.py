from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadrules import Engine, EvaluationError, Lead, Policy, load_policy
from leadrules.routing.assignment import Assignment
from leadrules.routing.rotation import Rotation
from leadrules.routing.router import Answered, Router
from leadrules.testing import History, Violation, check_policy
from leadrules.testing.invariants import (
    frames_route_as_leads,
    leads_are_not_given_back,
    nobody_gets_what_they_cannot_take,
    nothing_is_lost,
    previews_are_decisions,
    rotations_survive_json,
    unassigned_leads_change_nothing,
    weights_are_shares,
)
from tests.testing.routes import ROUTES_POLICY

TEAM = load_policy(
    """
leadrules: 1
policy: {id: team, version: 1, effective: 2026-01-01, zone: Europe/Berlin}
calendars: {office: {hours: {mon-fri: ["09:00-17:00"]}}}
routing:
  rules:
    - {id: german, when: country == "DE", to: {pool: dach}}
    - {id: closed, when: country == "FR", to: {pool: paris}}
    - {id: named, when: known(account.owner), to: {owner: {field: account.owner}}}
    - {id: rest, when: always, to: {queue: triage}}
  pools:
    dach: {members: {anna: {weight: 2}, ben: {}}}
    paris: {members: {carl: {}, dora: {limits: 1 per week}}, limits: 3 per month}
  members:
    anna: {}
    ben: {}
    carl: {absent: 2026-03-03, calendar: office, limits: [2 in 24 hours, 4 open]}
    dora: {active: false}
"""
)
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
Change = Callable[[Answered, Rotation], tuple[Answered, Rotation]]


def leads(*countries: str, apart: timedelta = timedelta(0), at: datetime = AT) -> list[History]:
    return [
        History(Lead(id=str(number), country=country), (), at + number * apart)
        for number, country in enumerate(countries, start=1)
    ]


def broken(kind: type[Router], policy: Policy = TEAM) -> Engine:
    """Return an engine of which the router is not as it should be."""
    engine, router = Engine(policy), Engine(policy).router
    found: Any = kind(
        router.routing,
        vocabulary=router.vocabulary,
        calendars=router.calendars,
        tables=router.tables,
        closed=router.closed,
        policy=router.policy,
    )
    engine._router = found
    return engine


class Fixed(Router):
    """Gives every lead that somebody gets to one member, with no regard to anything."""

    name = "anna"

    def route(self, lead: Lead, **more: Any) -> tuple[Answered, Rotation]:
        answer, state = super().route(lead, **more)
        if not isinstance(answer, Assignment) or answer.owner is None:
            return answer, state
        return replace(answer, owner=self.name), state


class Carl(Fixed):
    name = "carl"

    def route(self, lead: Lead, **more: Any) -> tuple[Answered, Rotation]:
        answer, state = super().route(lead, **more)
        if answer:
            return answer, state
        found = Assignment(lead_id=lead.id, time=more["at"], owner="carl", pool="paris")
        return found, state


class Dora(Carl):
    name = "dora"


class Stranger(Carl):
    def route(self, lead: Lead, **more: Any) -> tuple[Answered, Rotation]:
        answer, state = super().route(lead, **more)
        return replace(answer, pool="dach"), state  # type: ignore[arg-type]  # it is assigned


class Refusing(Router):
    """Cannot say who gets leads of a country."""

    def route(self, lead: Lead, **more: Any) -> tuple[Answered, Rotation]:
        if lead.country == "FR":
            message = "country: 'FR' is too far"
            raise EvaluationError(message, field="country")
        return super().route(lead, **more)


class Losing(Router):
    """Gives leads to nobody, and does not say why."""

    def route(self, lead: Lead, **more: Any) -> tuple[Answered, Rotation]:
        answer, state = super().route(lead, **more)
        if isinstance(answer, Assignment):
            return replace(answer, owner=None, queue=None), state
        return replace(answer, code="tired"), state  # type: ignore[arg-type]  # that is the point


class Guessing(Router):
    """Foretells something else."""

    def preview(self, lead: Lead, **more: Any) -> Answered:
        return replace(super().preview(lead, **more), rule="any")


class Meddling(Router):
    """Changes the state that is given."""

    def route(self, lead: Lead, **more: Any) -> tuple[Answered, Rotation]:
        object.__setattr__(more["state"], "version", more["state"].version + 1)
        return super().route(lead, **more)


class Loose(Router):
    """Gives states that cannot be read again."""

    def route(self, lead: Lead, **more: Any) -> tuple[Answered, Rotation]:
        answer, state = super().route(lead, **more)
        return answer, replace(state, version=float(state.version))  # type: ignore[arg-type]  # as above


class Moody(Router):
    """Decides by something that is not in the state."""

    calls = 0

    def route(self, lead: Lead, **more: Any) -> tuple[Answered, Rotation]:
        answer, state = super().route(lead, **more)
        self.calls += 1
        return replace(answer, rule=f"rule {self.calls}"), state


class Counting(Router):
    """Counts every call."""

    def route(self, lead: Lead, **more: Any) -> tuple[Answered, Rotation]:
        answer, state = super().route(lead, **more)
        return answer, state if answer else replace(state, version=state.version + 1)


class Stubborn(Router):
    """Gives a lead back to whom it was taken from."""

    def reassign(self, lead: Lead, *, history: Any, **more: Any) -> tuple[Answered, Rotation]:
        del more["reason"], more["to"]
        answer, state = super().route(lead, **more)
        return replace(answer, owner=history[0].owner), state


class Framed(Router):
    """Routes frames otherwise."""

    def route_frame(self, leads: Any, **more: Any) -> tuple[Any, Rotation]:
        import polars as pl

        found, state = super().route_frame(leads, **more)
        return found.with_columns(pl.lit("x").alias("rule")), state


class Unkept(Router):
    """Forgets what a frame leads to."""

    def route_frame(self, leads: Any, **more: Any) -> tuple[Any, Rotation]:
        found, _ = super().route_frame(leads, **more)
        return found, self.start()


Law = Callable[[Engine, Sequence[History]], None]
LOST = "every lead is assigned, or it is told why not, but "
TAKEN = "nobody gets a lead who cannot take it, but "
BROKEN: list[tuple[Law, type[Router], list[History], str]] = [
    (
        nothing_is_lost,
        Refusing,
        leads("DE", "FR"),
        f"{LOST}it is refused: country: 'FR' is too far",
    ),
    (
        nothing_is_lost,
        Losing,
        leads("DE"),
        f"{LOST}it goes to {{'owner': None, 'queue': None, 'partner': None}}",
    ),
    (
        nothing_is_lost,
        Losing,
        leads("FR", at=AT - timedelta(hours=9)),
        f"{LOST}its code is 'tired'",
    ),
    (
        previews_are_decisions,
        Guessing,
        leads("DE"),
        (
            "a preview tells what is decided then, and changes nothing, but it tells: lead 1 -> "
            "owner 'anna' from pool 'dach' by rule 'any', and then: lead 1 -> owner 'anna' from "
            "pool 'dach' by rule 'german'"
        ),
    ),
    (
        previews_are_decisions,
        Meddling,
        leads("XX"),
        (
            "a preview tells what is decided then, and changes nothing, but {'schema': 1, "
            f"'policy': '{TEAM.hash}', 'version': 1}} became {{'schema': 1, 'policy': "
            f"'{TEAM.hash}', 'version': 2}}"
        ),
    ),
    (
        rotations_survive_json,
        Loose,
        leads("XX", "XX"),
        (
            f"a rotation survives JSON, but {{'schema': 1, 'policy': '{TEAM.hash}', 'version': "
            "0.0} is refused then: state: version: '0.0' cannot be read"
        ),
    ),
    (
        rotations_survive_json,
        Moody,
        leads("XX"),
        (
            "a rotation survives JSON, but then: lead 1 -> queue 'triage' by rule 'rule 2', and "
            "not: lead 1 -> queue 'triage' by rule 'rule 1'"
        ),
    ),
    (
        nobody_gets_what_they_cannot_take,
        Carl,
        leads("FR", "FR", at=AT + timedelta(days=1)),
        f"{TAKEN}'carl' gets one though 'carl' is absent on 2026-03-03",
    ),
    (
        nobody_gets_what_they_cannot_take,
        Carl,
        leads("FR", at=AT - timedelta(hours=3)),
        f"{TAKEN}'carl' gets one though 'carl' does not work then",
    ),
    (
        nobody_gets_what_they_cannot_take,
        Carl,
        leads("FR", "FR", "FR", apart=timedelta(minutes=1)),
        f"{TAKEN}'carl' gets one though 'carl' has 2 leads already, of '2 in 1 day'",
    ),
    (
        nobody_gets_what_they_cannot_take,
        Carl,
        leads(*["FR"] * 4, apart=timedelta(days=7)),
        f"{TAKEN}'carl' gets one though pool 'paris' has 3 leads already, of '3 per month'",
    ),
    (
        nobody_gets_what_they_cannot_take,
        Carl,
        leads(*["FR"] * 5, apart=timedelta(days=28)),
        f"{TAKEN}'carl' gets one though 'carl' has 4 leads already, of '4 open'",
    ),
    (
        nobody_gets_what_they_cannot_take,
        Dora,
        leads("FR"),
        f"{TAKEN}'dora' gets one though 'dora' is not active",
    ),
    (
        nobody_gets_what_they_cannot_take,
        Stranger,
        leads("DE"),
        f"{TAKEN}'carl' gets one though 'carl' is not in 'dach'",
    ),
    (
        weights_are_shares,
        Fixed,
        leads("DE", "DE"),
        (
            "weights are shares of the leads, but of the leads of pool 'dach' 'anna' of weight 2 "
            "has 2 and 'ben' of weight 1 has 0"
        ),
    ),
    (
        unassigned_leads_change_nothing,
        Counting,
        leads("FR", at=AT - timedelta(hours=9)),
        (
            "a lead that nobody gets changes nothing, but {'schema': 1, 'policy': "
            f"'{TEAM.hash}', 'version': 0}} became {{'schema': 1, 'policy': '{TEAM.hash}', "
            "'version': 1}"
        ),
    ),
    (
        leads_are_not_given_back,
        Stubborn,
        leads("DE"),
        "nobody gets a lead again who had it, but after 'anna' it goes to 'anna'",
    ),
]


@pytest.mark.parametrize(("law", "kind", "given", "told"), BROKEN)
def test_a_broken_law_is_told(
    law: Law, kind: type[Router], given: list[History], told: str
) -> None:
    law(Engine(TEAM), given)
    with pytest.raises(Violation) as caught:
        law(broken(kind), given)
    first, *others = str(caught.value).split("\nlead: ")
    assert first == told
    shown = ["lead: " + text for text in others]
    assert shown == [str(history) for history in given][: len(shown)]
    assert shown


def test_frames() -> None:
    several = leads("DE", "FR", "XX", "DE")
    frames_route_as_leads(Engine(TEAM), several)
    law = "a frame is routed as its leads are one by one, but "
    with pytest.raises(Violation) as caught:
        frames_route_as_leads(broken(Framed), several)
    assert str(caught.value) == f"{law}the rule is x in a frame, and german alone\n{several[0]}"
    with pytest.raises(Violation) as caught:
        frames_route_as_leads(broken(Unkept), several[:1])
    assert str(caught.value).startswith(
        f"{law}it leads to {{'schema': 1, 'policy': '{TEAM.hash}', 'version': 0}}, and alone to "
    )


def test_frames_are_routed_in_the_order_that_is_declared() -> None:
    late, early = replace(leads("DE")[0], at=AT + timedelta(days=1)), leads("DE", "DE")[1]
    frames_route_as_leads(Engine(TEAM), [late, early])
    known: list[dict[str, Any]] = [
        {},
        {"company": {"employees": 200}},
        {"created": AT},
        {"created": AT - timedelta(1)},
    ]
    rated = [
        History(Lead(id=str(number), **more), (), AT) for number, more in enumerate(known, start=1)
    ]
    frames_route_as_leads(Engine(ROUTES_POLICY), rated)


def test_who_has_had_it_may_have_it_again_after_some() -> None:
    policy = load_policy(
        """
leadrules: 1
policy: {id: two, version: 1, effective: 2026-01-01}
routing:
  rules: [{id: all, when: always, to: {pool: team}}]
  pools: {team: {members: [ann, ben]}}
  members: {ann: {}, ben: {}}
  reassign: {avoid: 1}
"""
    )
    leads_are_not_given_back(Engine(policy), leads("DE"))


def test_those_who_come_and_go_are_not_asked_for_their_shares() -> None:
    policy = load_policy(
        """
leadrules: 1
policy: {id: away, version: 1, effective: 2026-01-01}
calendars: {office: {hours: {mon-fri: ["09:00-17:00"]}}}
routing:
  rules: [{id: all, when: always, to: {pool: team}}]
  pools: {team: {members: {ann: {}, ben: {}, cyd: {limits: 1 per day}, dan: {}}}}
  members: {ann: {}, ben: {absent: 2026-03-02}, cyd: {}, dan: {calendar: office}}
"""
    )
    weights_are_shares(Engine(policy), leads(*["DE"] * 9, apart=timedelta(hours=3)))
    weights_are_shares(broken(First, policy), leads(*["DE"] * 9, apart=timedelta(hours=3)))


class First(Fixed):
    name = "ann"


@pytest.mark.parametrize("policy", [ROUTES_POLICY, TEAM], ids=str)
def test_all_laws_hold(policy: Policy) -> None:
    check_policy(policy, examples=10)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Refusing, "every lead is assigned, or it is told why not"),
        (Guessing, "a preview tells what is decided then"),
        (Loose, "a rotation survives JSON"),
        (Dora, "nobody gets a lead who cannot take it"),
        (Fixed, "weights are shares of the leads"),
        (Counting, "a lead that nobody gets changes nothing"),
        (Stubborn, "nobody gets a lead again who had it"),
        (Framed, "a frame is routed as its leads are one by one"),
    ],
)
def test_a_broken_router_is_found_out(kind: type[Router], told: str) -> None:
    with pytest.raises(Violation, match=told):
        check_policy(TEAM, examples=20, engine=broken(kind))
