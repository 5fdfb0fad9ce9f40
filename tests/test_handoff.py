"""Handoffs: what goes with a lead to whoever takes it over, and what of that is missing."""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from html.parser import HTMLParser
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrules import (
    Assignment,
    Engine,
    EvaluationError,
    Event,
    Handoff,
    Lead,
    Money,
    Unassigned,
    load_policy,
    presets,
)
from leadrules.conditions.findings import HIDDEN
from leadrules.handoff.parts import GAPS, Activity, Gap, Known, Resolution, Touch
from leadrules.handoff.wording import MOST_TOUCHES
from leadrules.testing import histories

HEADER = """
leadrules: 1
policy: {id: acme, version: 1, effective: 2026-01-01, zone: Europe/Berlin}
fields:
  months: {type: integer, unit: months}
  badge: {type: string, personal: true}
activities:
  download: {properties: {title: {type: string}}}
  call_back: {properties: {number: {type: string, personal: true}}}
"""
SCORING = """
scoring:
  bands: [{name: hot, enter: 10, needs: [country]}, {name: cold}]
  fit:
    characteristics:
      size:
        - {id: large, when: company.employees >= 500, points: 20, why: they need a tool}
      need: [{id: student, when: 'contains(title, "student")', points: -5, why: writes a thesis}]
  qualification:
    criteria:
      need: {ask: What hurts?}
      timing: {met: months <= 6, not_met: months > 18, expires: 30 days, ask: By when?}
    ready: {at_least: 1, mandatory: [need]}
"""
LIFECYCLE = """
lifecycle:
  stages:
    inquiry: {owner: rep, most: 9, reasons: [no_need, other]}
    mql: {owner: rep, queue: new_leads}
    sal: {owner: sales}
    won: {kind: won}
    lost: {kind: lost}
    recycled: {kind: recycled, owner: marketing, reasons: [timing], wake: {default: 60 days}}
  moves:
    - {from: inquiry, to: mql, by: [rep]}
    - {from: mql, to: sal, by: [sales], accept_within: 2 days}
    - {from: [mql, sal], to: inquiry, by: [sales]}
    - {from: sal, to: won, by: [sales], fields: [budget, months]}
    - {from: sal, to: lost, by: [sales], fields: [region]}
    - {from: [inquiry, recycled], to: lost, by: [rep]}
    - {from: inquiry, to: recycled, by: [rep]}
    - {from: recycled, to: inquiry, after: wake, reason: optional}
  responses:
    guide: {activity: download, acknowledge: 1 hour, send: guide, within: 1 day}
"""
POLICY = HEADER + SCORING + LIFECYCLE
AT = datetime.fromisoformat("2026-06-01T09:00+02:00")


@cache
def engine_of(text: str) -> Engine:
    return Engine(load_policy(text))


def event(name: str, *, days: float = 0, kind: str = "activity", **said: Any) -> Event:
    """Return something that happened so many days before the handoff."""
    said = {"from": said.pop("from_"), **said} if "from_" in said else said
    values = {"lead_id": "17", "id": name, "time": AT - timedelta(days=days), "kind": kind}
    return engine_of(POLICY).policy.event({**values, **said})


def lead(**known: Any) -> Lead:
    values = {name.replace("__", "."): value for name, value in known.items()}
    return engine_of(POLICY).policy.lead(
        {"id": "17", "created": AT - timedelta(days=100), **values}
    )


def handed(found: Lead, *events: Event, policy: str = POLICY, **options: Any) -> Handoff:
    return engine_of(policy).handoff(found, events=events, at=AT, **options)


WHOLE = {
    "name": "Ada Adler",
    "email": "ada@acme.example",
    "consent": True,
    "company__name": "ACME",
    "company__employees": 700,
    "country": "DE",
    "lead_type": "demo",
    "campaign": "spring",
    "source": "web",
    "owner": "sue",
    "budget": Money.parse("50000 EUR"),
    "months": 3,
}
"""All that a handoff of a lead in stage 'inquiry' asks for, but an answer to 'need'."""

STORY = (
    event("a1", days=100, type="download", title="Guide"),
    event("t1", days=99, kind="touch", channel="call", direction="outbound", by="ben", role="rep"),
    event("f1", days=98, kind="fulfilment", item="guide", channel="email", request="a1", by="mia"),
    event("m1", days=90, kind="moved", to="recycled", by="ben", reason="timing", note="in spring"),
    event("a2", days=9, type="download", title="Prices"),
    event("m2", days=8, kind="moved", to="mql", by="policy"),
    event("m3", days=7, kind="moved", to="inquiry", by="sue", role="sales", reason="no_need"),
    event("q1", days=6, kind="answer", criterion="need", answer="met", by="ben"),
    event("q2", days=60, kind="answer", criterion="timing", answer="met", by="ben"),
    event(
        "t2",
        days=6,
        kind="touch",
        channel="call",
        direction="outbound",
        outcome="connected",
        by="ben",
    ),
    event("u1", days=5, kind="update", note="they plan\nby hand", by="ben"),
    event("m4", days=1, kind="moved", to="mql", by="ben"),
)


# --- the whole of it


def test_a_handoff_tells_all_that_is_known() -> None:
    found = handed(lead(**WHOLE), *STORY)
    assert str(found).splitlines() == [
        "lead 17, Ada Adler, ACME, as of 2026-06-01 09:00 Europe/Berlin",
        "in stage 'mql' of rep since 2026-05-31 09:00, from 'inquiry', moved by ben",
        "owned by sue",
        "",
        "missing",
        "  nothing is missing",
        "",
        "contact",
        "  name               Ada Adler",
        "  email              ada@acme.example",
        "  company.name       ACME",
        "  company.employees  700",
        "  country            DE",
        "  consent            true",
        "",
        "initiative",
        "  lead_type       demo",
        "  campaign        spring",
        "  source          web",
        "  created         2026-02-21 08:00",
        '  first activity  2026-02-21 08:00 download: title "Guide" (a1)',
        '  since it ended  2026-05-23 09:00 download: title "Prices" (a2)',
        '  last activity   2026-05-23 09:00 download: title "Prices" (a2), of 2',
        "",
        "received",
        "  2026-02-23 08:00  guide by email, as activity 'a1' asked, sent by mia",
        "",
        "asked for",
        "  2026-05-23 09:00  guide, as activity 'a2' asks: acknowledged 2026-05-26 09:00,",
        "                      not sent",
        "",
        "qualification",
        "  need    met; said by ben 2026-05-26 09:00",
        "  timing  met; by what is known of the lead; met said by ben 2026-04-02 09:00,",
        "            held until 2026-05-02 09:00; months is 3 months",
        "",
        "also known",
        "  budget  50000 EUR",
        "  months  3 months",
        "",
        "notes",
        "  2026-03-03 08:00  moved 'recycled' by ben: in spring",
        "  2026-05-27 09:00  update by ben: they plan by hand",
        "",
        "earlier",
        "  2026-03-03 08:00  recycled from 'inquiry' to 'recycled' for 'timing', by ben:",
        '                      "in spring"; since 2026-02-21 08:00 1 activity, first',
        '                      2026-02-21 08:00 download: title "Guide" (a1)',
        "  2026-05-25 09:00  passed back from 'mql' to 'inquiry' for 'no_need', by sue",
        "                      (sales); since 2026-03-03 08:00 1 activity, first",
        '                      2026-05-23 09:00 download: title "Prices" (a2)',
        "",
        "score",
        "  20   points: hot, from 10",
        "       ready: 2 of 2 criteria met, 1 needed",
        "  +20  large: they need a tool",
        "",
        "touches",
        "  2026-02-22 08:00  outbound call, by ben (rep)",
        "  2026-05-26 09:00  outbound call, connected, reached them, by ben",
        "",
        "owed",
        "  breached  send 'guide', as activity 'a2' asks, due 2026-05-24 09:00",
        "              Europe/Berlin; sue (rep) [send guide]",
        "  open      accept it for 'sal', or pass it back, due 2026-06-02 09:00",
        "              Europe/Berlin; sales [accept sal]",
    ]


def test_what_is_empty_is_said_plainly() -> None:
    assert str(handed(Lead(id="17"), policy=HEADER)).splitlines() == [
        "lead 17, as of 2026-06-01 09:00 Europe/Berlin",
        "owned by nobody",
        "",
        "missing",
        "  contact     nobody says who it is",
        "  contact     no company is named",
        "  contact     neither email nor phone is known; nobody can reach them",
        "  consent     nobody says whether they may be contacted",
        "  initiative  nobody says when the lead arose",
        "  initiative  nobody says how the lead arose",
        "  initiative  nobody says which campaign they responded to",
        "  initiative  nobody says where the lead comes from",
        "  owner       nobody owns the lead",
        "",
        "contact",
        "  nobody says who they are",
        "",
        "initiative",
        "  nobody says what they responded to",
        "",
        "received",
        "  nothing was sent",
        "",
        "asked for",
        "  nothing is waited for",
        "",
        "qualification",
        "  no criterion is asked",
        "",
        "also known",
        "  nothing else",
        "",
        "notes",
        "  nobody wrote anything down",
        "",
        "earlier",
        "  this is the first try",
        "",
        "score",
        "  the policy does not score",
        "",
        "touches",
        "  nobody has tried yet",
        "",
        "owed",
        "  nothing is owed",
    ]


def test_a_lead_that_has_not_arisen_is_nowhere() -> None:
    found = handed(Lead(id="17", owner="sue"))
    assert (found.stage, found.since, found.owner) == (None, None, "sue")
    assert [owed.kind for owed in found.owed] == ["gap"]
    later = lead(created=AT + timedelta(days=1))
    assert (handed(later).stage, handed(later).owed) == (None, ())


def test_a_handoff_is_a_value() -> None:
    found = handed(lead(**WHOLE), *STORY)
    assert found == handed(lead(**WHOLE), *STORY)
    assert pickle.loads(pickle.dumps(found)) == found
    with pytest.raises(AttributeError):
        found.owner = "ben"  # type: ignore[misc]  # the slip


# --- what is missing


def gaps(found: Handoff) -> list[str]:
    return [str(gap) for gap in found.missing]


@pytest.mark.parametrize(
    ("without", "gap"),
    [
        ("name", "nobody says who it is [contact name]"),
        ("company__name", "no company is named [contact company.name]"),
        ("email", "neither email nor phone is known; nobody can reach them [contact email]"),
        ("consent", "nobody says whether they may be contacted [consent consent]"),
        ("lead_type", "nobody says how the lead arose [initiative lead_type]"),
        ("campaign", "nobody says which campaign they responded to [initiative campaign]"),
        ("source", "nobody says where the lead comes from [initiative source]"),
        ("owner", "nobody owns the lead; it waits for 'new_leads' [owner owner]"),
        ("country", "'country' is missing, which a better band needs [band country]"),
    ],
)
def test_what_is_missing_is_told_until_it_is_there(without: str, gap: str) -> None:
    known = {name: value for name, value in WHOLE.items() if name != without}
    assert gaps(handed(lead(**known), *STORY)) == [gap]
    assert gaps(handed(lead(**WHOLE), *STORY)) == []


def test_a_phone_will_do_to_reach_them() -> None:
    known = {name: value for name, value in WHOLE.items() if name != "email"}
    assert gaps(handed(lead(phone="+49 30 1", **known), *STORY)) == []


def test_when_a_lead_arose_is_missing_although_something_happened() -> None:
    unborn = engine_of(POLICY).policy.lead(
        {"id": "17", **{name.replace("__", "."): value for name, value in WHOLE.items()}}
    )
    assert gaps(handed(unborn, *STORY)) == ["nobody says when the lead arose [initiative created]"]


def test_only_moves_onwards_ask_for_their_fields() -> None:
    known = {name: value for name, value in WHOLE.items() if name not in {"budget", "months"}}
    accepted = event("m5", days=0.5, kind="moved", to="sal", by="sue")
    assert gaps(handed(lead(**known), *STORY, accepted)) == [
        "'budget' is missing, which the move to 'won' takes [move budget]",
        "'months' is missing, which the move to 'won' takes [move months]",
    ]


def test_criteria_are_missing_that_a_lead_must_meet_or_that_it_lacks_to_be_ready() -> None:
    known = {name: value for name, value in WHOLE.items() if name != "months"}
    assert gaps(handed(lead(**known))) == [
        "'need' is unknown, and a lead has to meet it to be ready [criterion need]",
        "'timing' is unknown, and too few are met to be ready [criterion timing]",
    ]
    met = event("q1", kind="answer", criterion="need", answer="met")
    assert gaps(handed(lead(**known), met)) == []
    not_met = event("q1", kind="answer", criterion="need", answer="not_met")
    assert gaps(handed(lead(**WHOLE), not_met)) == []


def test_gaps_come_in_the_order_of_their_kinds() -> None:
    found = [gap.kind for gap in handed(Lead(id="17", created=AT)).missing]
    assert found == sorted(found, key=GAPS.index)


# --- its parts


def test_an_assigned_owner_goes_before_the_one_of_the_record() -> None:
    found = handed(lead(owner="sue"), event("o1", kind="assigned", owner="ben"))
    assert (found.owner, found.queue) == ("ben", None)
    nobody = handed(lead())
    assert (nobody.owner, nobody.queue, nobody.owner_role) == (None, "rep", "rep")


def test_earlier_tries_say_how_they_came_out() -> None:
    story = (
        event("a1", days=50, type="download", title="1"),
        event("m1", days=49, kind="moved", to="mql"),
        event("m2", days=48, kind="moved", to="sal"),
        event("m3", days=47, kind="moved", to="lost", by="sue", forced=True),
        event("a2", days=47, type="download", title="2"),
        event("a3", days=46, type="download", title="3"),
        event("m4", days=45, kind="moved", to="inquiry"),
        event("m5", days=44, kind="moved", to="recycled", reason="timing"),
        event("m6", days=43, kind="moved", to="inquiry"),
        event("m7", days=42, kind="moved", to="mql", by="ben"),
        event("m8", days=41, kind="moved", to="inquiry", reason="other", note="?", by="sue"),
    )

    def days(count: float) -> datetime:
        return AT - timedelta(days=count)

    first = Activity("a1", "download", days(50), (Known("title", "1"),))
    third = Activity("a3", "download", days(46), (Known("title", "3"),))
    assert handed(lead(), *story).earlier == (
        Resolution("lost", "sal", "lost", days(100), days(47), first, 2, "sue", forced=True),
        Resolution(
            "recycled", "inquiry", "recycled", days(47), days(44), third, 1, reason="timing"
        ),
        Resolution(
            "passed_back",
            "mql",
            "inquiry",
            days(44),
            days(41),
            None,
            0,
            "sue",
            None,
            "other",
            "?",
            brought_by="ben",
        ),
    )


def test_an_answer_of_a_person_goes_before_what_is_known() -> None:
    said = event("q1", days=2, kind="answer", criterion="timing", answer="not_met", by="ben")
    timing = handed(lead(months=3), said).criteria[1]
    assert (timing.answer, timing.lapsed, timing.ask) == ("not_met", None, "By when?")
    assert timing.said is not None
    assert (timing.said.by, timing.said.at) == ("ben", AT - timedelta(days=2))
    assert timing.said.until == AT + timedelta(days=28)
    assert timing.reads == (Known("months", 3, "months"),)


def test_a_criterion_is_told_apart_from_a_characteristic_of_its_name() -> None:
    assert [found.answer for found in handed(lead()).criteria] == ["unknown", "unknown"]


def test_reasons_of_a_score_go_both_ways() -> None:
    found = str(handed(lead(title="student", company__employees=700, country="DE")))
    assert "  15   points: hot, from 10\n" in found
    assert "  +20  large: they need a tool\n  -5   student: writes a thesis\n" in found


def test_touches_say_who_was_reached() -> None:
    def touch(name: str, days: float, direction: str = "outbound", **said: Any) -> Event:
        return event(name, days=days, kind="touch", channel="call", direction=direction, **said)

    found = handed(
        lead(),
        touch("t1", 4, outcome="no_answer"),
        touch("t2", 3, outcome="connected", automatic=True),
        touch("t3", 2, "inbound"),
        touch("t4", 1, outcome="connected"),
    ).touches
    assert [made.reached for made in found] == [False, False, True, True]
    assert found[1] == Touch(
        AT - timedelta(days=3),
        "call",
        "outbound",
        reached=False,
        automatic=True,
        outcome="connected",
    )


def test_words_tell_the_latest_touches_and_data_all() -> None:
    many = [
        event(f"t{n:02}", days=50 - n, kind="touch", channel="call", direction="outbound")
        for n in range(MOST_TOUCHES + 3)
    ]
    found = handed(lead(), *many)
    assert len(found.touches) == MOST_TOUCHES + 3
    told = str(found).partition("\ntouches\n")[2].partition("\n\n")[0].splitlines()
    assert len(told) == MOST_TOUCHES + 1
    assert told[0].strip() == "3 before these"
    assert "outbound call" in told[1]


def test_what_did_not_happen_or_not_yet_is_not_told() -> None:
    events = (
        event("a1", days=9, type="download", title="Guide"),
        event("x1", days=1, kind="retraction", of="a1"),
        event("a2", days=-1, type="download", title="Prices"),
    )
    found = handed(lead(), *events)
    assert (found.initiative.activities, found.asked) == (0, ())


def test_long_labels_stand_above() -> None:
    name = "activities_of_the_last_year"
    policy = HEADER.replace("  months:", f"  {name}: {{type: integer}}\n  months:")
    found = handed(Lead(id="17", fields={name: 3, "months": 4}), policy=policy)
    assert f"also known\n  {name}\n          3\n  months  4 months\n" in str(found)


def test_lines_are_as_wide_as_wanted() -> None:
    found = handed(lead(**WHOLE), *STORY)
    assert max(len(line) for line in found.text(width=60).splitlines()) <= 60
    assert found.text(width=80) == str(found)


# --- who gets it

ROUTED = (
    POLICY
    + """
  clocks: {speed: {from: assigned, to: first_attempt, within: 2 hours, at_most: 2 days}}
routing:
  rules:
    - {id: named, when: known(account.owner), to: {owner: {field: account.owner}},
       otherwise: {pool: team}, why: who knows them goes on}
    - {id: abroad, when: country == "CH", to: {partner: alp}, packages: guide,
       why: they sell there}
    - {id: team, when: country == "DE", to: {pool: team}, clock: speed, packages: [guide, card]}
  queue: later
  pools: {team: {members: [ben, sue]}}
  members: {ben: {}, sue: {absent: 2026-06-01}}
  partners:
    alp: {contact: "Alp AG, leads@alp.example", needs: [name, phone, country, source],
          report: Answer the mail within two days.}
"""
)


def given_to(found: Lead, *events: Event, redact: bool = False, **again: Any) -> Handoff:
    engine = engine_of(ROUTED)
    start = engine.router.start()
    answer, _ = (
        engine.reassign(found, events=events, rotation=start, at=AT, **again)
        if again
        else engine.route(found, events=events, rotation=start, at=AT)
    )
    return engine.handoff(found, events=events, at=AT, assignment=answer, redact=redact)


def section(found: Handoff, title: str) -> list[str]:
    return str(found).partition(f"\n{title}\n")[2].partition("\n\n")[0].splitlines()


def test_a_handoff_tells_who_gets_the_lead_and_what_that_starts() -> None:
    found = given_to(lead(**{**WHOLE, "owner": None}))
    assert str(found).splitlines()[:10] == [
        "lead 17, Ada Adler, ACME, as of 2026-06-01 09:00 Europe/Berlin",
        "in stage 'inquiry' of rep since 2026-02-21 08:00",
        "owned by ben",
        "",
        "assigned",
        "  to          'ben'",
        "  at          2026-06-01 09:00",
        "  by rule     'team'",
        "  from        'team', by weighted rotation",
        "  clock       'speed', from assigned to first_attempt within 2 hours, at most 2",
    ]
    assert section(found, "assigned")[5:] == ["                days", "  to be sent  guide, card"]
    assert section(found, "owed")[:2] == [
        "  open  first attempt within 2 days of assignment, due 2026-06-03 09:00",
        "          Europe/Berlin; ben (rep) [clock speed]",
    ]


def test_an_assignment_counts_once_beside_its_fact() -> None:
    found, engine = lead(**WHOLE), engine_of(ROUTED)
    answer, _ = engine.route(found, rotation=engine.router.start(), at=AT)
    assert isinstance(answer, Assignment)
    fact = answer.fact()
    assert fact is not None
    both = engine.handoff(found, events=[fact], at=AT, assignment=answer)
    assert both == engine.handoff(found, at=AT, assignment=answer)
    assert replace(both, assigned=None) == engine.handoff(found, events=[fact], at=AT)


def test_a_channel_partner_finds_everything_in_it() -> None:
    found = given_to(lead(**{**WHOLE, "country": "CH", "source": None, "owner": None}))
    assert str(found).splitlines()[2:17] == [
        "owned by nobody; it goes to partner 'alp'",
        "",
        "assigned",
        "  to           partner 'alp'",
        "  at           2026-06-01 09:00",
        "  by rule      'abroad': they sell there",
        "  to be sent   guide",
        "  send to      Alp AG, leads@alp.example",
        "  report back  Answer the mail within two days.",
        "",
        "missing",
        "  initiative  nobody says where the lead comes from",
        "  partner     'phone' is missing, without which 'alp' can do nothing",
        "  partner     'source' is missing, without which 'alp' can do nothing",
        "  criterion   'need' is unknown, and a lead has to meet it to be ready",
    ]
    html = found._repr_html_()
    for told in (
        "partner &#x27;alp&#x27;",
        "Alp AG, leads@alp.example",
        "Answer the mail within two days.",
        "&#x27;phone&#x27; is missing, without which &#x27;alp&#x27; can do nothing",
        "ada@acme.example",
        "50000 EUR",
    ):
        assert told in html
    assert (found.owner, found.queue) == (None, None)


def test_who_could_not_take_it_and_why_again_is_told() -> None:
    found = lead(account__owner="sue", **WHOLE)
    assert section(given_to(found), "assigned") == [
        "  to       'ben'",
        "  at       2026-06-01 09:00",
        "  by rule  'named': who knows them goes on",
        "  from     'team', by weighted rotation",
        "  not to   owner 'sue': absent",
    ]
    before = Assignment(lead_id="17", time=AT, owner="sue", rule="named")
    by_hand = given_to(found, history=[before], reason="by_hand", to="ben")
    assert section(by_hand, "assigned") == [
        "  to     'ben'",
        "  at     2026-06-01 09:00",
        "  again  by hand",
    ]


def test_a_lead_that_waits_in_a_queue_is_nobodys() -> None:
    found = given_to(lead(**{**WHOLE, "country": "FR"}))
    assert (found.owner, found.queue) == (None, "later")
    assert section(found, "assigned") == ["  to  queue 'later'", "  at  2026-06-01 09:00"]
    assert "nobody owns the lead; it waits for 'later' [owner owner]" in gaps(found)


def test_a_lead_that_nobody_gets_says_why() -> None:
    known = lead(**{**WHOLE, "owner": None})
    before = [Assignment(lead_id="17", time=AT, owner="ben", pool="team", rule="team")]
    found = given_to(known, history=before, reason="declined")
    assert section(found, "assigned") == [
        "  to          nobody: everybody who fits is absent",
        "  at          2026-06-01 09:00",
        "  by rule     'team'",
        "  again       declined",
        "  not to      pool 'team': everybody who fits is absent",
        "  to be sent  guide, card",
    ]
    assert gaps(found)[0] == (
        "nobody owns the lead; everybody who fits is absent; it waits for 'rep' [owner owner]"
    )


def test_the_rules_of_another_policy_are_not_asked() -> None:
    answer = Assignment(lead_id="17", time=AT, partner="alp", rule="abroad", policy="another")
    found = engine_of(ROUTED).handoff(lead(), at=AT, assignment=answer)
    assert section(found, "assigned") == [
        "  to       partner 'alp'",
        "  at       2026-06-01 09:00",
        "  by rule  'abroad'",
    ]


def test_data_says_who_gets_it() -> None:
    data = given_to(lead(**{**WHOLE, "country": "CH"})).to_dict()
    assert json.loads(json.dumps(data)) == data
    assert data["assigned"] == {
        "at": "2026-06-01T07:00:00+00:00",
        "to": "partner",
        "name": "alp",
        "rule": "abroad",
        "why": "they sell there",
        "pool": None,
        "strategy": None,
        "reason": None,
        "passed": [],
        "clock": None,
        "within": None,
        "packages": ["guide"],
        "send_to": "Alp AG, leads@alp.example",
        "report": "Answer the mail within two days.",
        "needs": ["name", "phone", "country", "source"],
    }
    assert handed(lead()).to_dict()["assigned"] is None


def test_a_partner_of_whom_personal_data_is_hidden_knows_what_is_missing() -> None:
    known = lead(**{**WHOLE, "name": WHO, "country": "CH"})
    shown, hidden = given_to(known), given_to(known, redact=True)
    assert (WHO in str(shown), WHO in str(hidden)) == (True, False)
    assert hidden.missing == shown.missing
    assert hidden.assigned == shown.assigned


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("ben", "assignment: 'ben' is no assignment; expected what router.route gives"),
        (
            Assignment(lead_id="23", time=AT, owner="ben"),
            "assignment: is of lead '23', not of '17'",
        ),
        (
            Unassigned(lead_id="17", time=AT + timedelta(hours=1), code="no-rule"),
            (
                "assignment: is of '2026-06-01T08:00:00+00:00', after the handoff at "
                "'2026-06-01T07:00:00+00:00'"
            ),
        ),
    ],
)
def test_what_is_no_assignment_of_the_lead_is_told(answer: Any, message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        engine_of(ROUTED).handoff(lead(), at=AT, assignment=answer)
    assert str(caught.value) == message
    assert (caught.value.field, caught.value.lead_id) == ("assignment", "17")


# --- data


def test_data_is_by_name_and_json_holds_it() -> None:
    data = handed(lead(**WHOLE), *STORY).to_dict()
    assert json.loads(json.dumps(data)) == data
    assert data["contact"] == {
        "name": "Ada Adler",
        "email": "ada@acme.example",
        "company.name": "ACME",
        "company.employees": 700,
        "country": "DE",
        "consent": True,
    }
    assert data["facts"] == {"budget": "50000 EUR", "months": 3}
    assert data["initiative"]["first"] == {
        "id": "a1",
        "type": "download",
        "at": "2026-02-21T07:00:00+00:00",
        "properties": {"title": "Guide"},
    }
    assert data["criteria"][1]["reads"] == {"months": 3}
    assert data["explanation"]["score"] == 20
    assert data["owed"][0]["rule"] == "lifecycle.responses.guide.send"
    assert data["at"] == "2026-06-01T07:00:00+00:00"
    empty = handed(Lead(id="17"), policy=HEADER).to_dict()
    assert (empty["contact"], empty["notes"], empty["explanation"]) == ({}, [], None)


# --- personal data


WHO = "Ada Lovelace-Byron"


def test_what_tells_who_a_person_is_can_be_hidden() -> None:
    person = lead(
        **{**WHOLE, "name": WHO, "email": f"{WHO}@acme.example", "phone": f"+49 {WHO}"},
        badge=WHO,
    )
    events = (
        *STORY,
        event("a3", days=4, type="call_back", number=WHO),
        event("u2", days=3, kind="update", note=f"ask for {WHO}"),
        event("n1", days=0.5, kind="next_step", what=f"call {WHO}"),
        event("m5", days=0.2, kind="moved", to="recycled", reason="timing", note=WHO),
        event("n2", days=0.1, kind="next_step", what=f"call {WHO}"),
    )
    shown, hidden = handed(person, *events), handed(person, *events, redact=True)
    for found, seen in ((shown, True), (hidden, False)):
        assert found.redacted is not seen
        for text in (str(found), found._repr_html_(), json.dumps(found.to_dict()), repr(found)):
            assert (WHO in text) is seen
    assert hidden.missing == shown.missing
    assert dict(hidden.to_dict()["contact"])["badge"] == HIDDEN
    assert hidden.to_dict()["contact"]["company.name"] == "ACME"
    assert hidden.initiative.last is not None
    assert hidden.initiative.last.properties == (Known("number", HIDDEN),)
    assert [note.by for note in hidden.notes] == [note.by for note in shown.notes]
    assert next(owed for owed in hidden.owed if owed.kind == "next_step").what == HIDDEN


def test_what_no_policy_declares_may_be_personal() -> None:
    stray = Lead(id="17", fields={"nickname": WHO})
    assert handed(stray).facts == (Known("nickname", WHO),)
    assert handed(stray, redact=True).facts == (Known("nickname", HIDDEN),)


# --- HTML


class Parsed(HTMLParser):
    """The tags, attributes and text of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text.append(data)


TAGS = {"div", "table", "tr", "td", "details", "summary", "span"}
odd = st.one_of(
    st.text(min_size=1),
    st.sampled_from(
        ("<script>alert(1)</script>", '" onclick="alert(1)', "Zoë 李 😀", "a\u202eb", "&amp;", " ")
    ),
)


def test_a_lead_called_script_is_a_text() -> None:
    html = handed(lead(name="<script>alert('hi')</script>"))._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;alert(&#x27;hi&#x27;)&lt;/script&gt;" in html
    assert "Zoë 李" in handed(lead(name="Zoë 李"))._repr_html_()


@given(odd, odd, odd)
def test_no_text_becomes_a_tag(name: str, note: str, title: str) -> None:
    """Law: whatever a lead and its events say, the HTML has the tags of the layout alone."""
    events = (
        event("a1", days=1, type="download", title=title),
        event("u1", kind="update", note=note, by=name),
    )
    found = handed(lead(name=name, owner=name), *events)
    html = Parsed(found._repr_html_())
    assert html.tags <= TAGS
    assert html.attributes <= {"style", "open"}
    text = str(found)
    assert all(line.isprintable() for line in text.split("\n"))


# --- laws on the preset

DEMO = presets.demo_policy()
STAGES = tuple(engine_of(DEMO).machine.lifecycle.stages)
extras = st.lists(
    st.tuples(
        st.sampled_from(STAGES),
        st.integers(0, 200),
        st.sampled_from((None, "timing", "no_need")),
        st.sampled_from((None, "as agreed")),
    ),
    max_size=6,
)


@cache
def demo_histories() -> Any:
    return histories(engine_of(DEMO).policy)


def moves(lead_id: str, at: datetime, drawn: Sequence[Any]) -> list[Event]:
    found = []
    for number, (to, days, reason, note) in enumerate(drawn):
        said = {"to": to, "reason": reason, "note": note}
        found.append(
            Event(
                lead_id=lead_id,
                id=f"move{number}",
                time=at - timedelta(days=days),
                kind="moved",
                properties={name: value for name, value in said.items() if value is not None},
            )
        )
    return found


@given(st.data(), extras, st.randoms(use_true_random=False))
def test_a_handoff_repeats_what_the_engine_says(
    data: st.DataObject, drawn: Sequence[Any], random: Random
) -> None:
    """Law: score, agenda and stage are those of the engine, in whatever order events come."""
    case = data.draw(demo_histories())
    engine = engine_of(DEMO)
    events = [*case.events, *moves(case.lead.id, case.at, drawn)]
    found = engine.handoff(case.lead, events=events, at=case.at)
    evaluation = engine.evaluate(case.lead, events=events, at=case.at)
    assert found.explanation is not None
    assert found.explanation.score == evaluation.score
    assert found.stage == (evaluation.state.stage if evaluation.state else None)
    assert found.owed == engine.agenda(case.lead, events=events, at=case.at).items
    shuffled = [*events, *events[:2]]
    random.shuffle(shuffled)
    assert engine.handoff(case.lead, events=iter(shuffled), at=case.at) == found


@given(st.data(), extras)
def test_nothing_that_is_known_of_a_lead_is_lost(data: st.DataObject, drawn: Sequence[Any]) -> None:
    """Law: every known field stands in one place, and every end of a try is told."""
    case = data.draw(demo_histories())
    engine = engine_of(DEMO)
    events = [*case.events, *moves(case.lead.id, case.at, drawn)]
    found = engine.handoff(case.lead, events=events, at=case.at)
    told = [*found.contact, *found.facts, *found.initiative.origin]
    elsewhere = {"id", "owner"}
    assert sorted(known.name for known in told) == sorted(case.lead.record.keys() - elsewhere)
    assert all(known.value == case.lead.record[known.name] for known in told)
    json.dumps(found.to_dict(), allow_nan=False)
    if found.stage is not None:
        closed = engine.machine.process.closed
        entries = engine.machine.trail(case.lead, events=events, at=case.at).entries[1:]
        ends = [entry.entered for entry in entries if entry.stage in closed]
        assert [x.at for x in found.earlier if x.outcome != "passed_back"] == ends
        tried = sum(x.activities for x in found.earlier if x.outcome != "passed_back")
        assert tried <= found.initiative.activities


@given(st.data(), extras)
def test_hiding_changes_values_alone(data: st.DataObject, drawn: Sequence[Any]) -> None:
    """Law: a redacted handoff has the parts of the other, and misses the same."""
    case = data.draw(demo_histories())
    engine = engine_of(DEMO)
    events = [*case.events, *moves(case.lead.id, case.at, drawn)]
    shown = engine.handoff(case.lead, events=events, at=case.at)
    hidden = engine.handoff(case.lead, events=events, at=case.at, redact=True)
    personal = {"name", "email", "phone"}
    assert hidden.contact == tuple(
        Known(known.name, HIDDEN) if known.name in personal else known for known in shown.contact
    )
    assert hidden.notes == tuple(replace(note, text=HIDDEN) for note in shown.notes)
    for name in ("missing", "initiative", "received", "asked", "criteria", "facts", "touches"):
        assert getattr(hidden, name) == getattr(shown, name)


# --- wrong input


def test_wrong_input_is_told() -> None:
    engine = engine_of(POLICY)
    with pytest.raises(EvaluationError) as caught:
        engine.handoff({"id": "17"}, at=AT)  # type: ignore[arg-type]  # the slip
    assert str(caught.value) == "lead: '{...}' is no lead; make one with policy.lead(...)"
    assert caught.value.field == "lead"
    with pytest.raises(EvaluationError) as caught:
        engine.evaluate({"id": "17"}, at=AT)  # type: ignore[arg-type]  # the slip
    assert str(caught.value) == "lead: '{...}' is no lead; make one with policy.lead(...)"
    with pytest.raises(EvaluationError) as caught:
        engine.handoff(lead(), at=AT.replace(tzinfo=None))
    assert str(caught.value) == (
        "at: '2026-06-01T09:00:00' has no time zone; expected an aware datetime"
    )
    with pytest.raises(EvaluationError) as caught:
        engine.handoff(lead(), events=5, at=AT)  # type: ignore[arg-type]  # the slip
    assert str(caught.value) == "events: '5' is no list of events"
    with pytest.raises(EvaluationError) as caught:
        engine.handoff(Lead(id="23"), events=[event("a1", type="download")], at=AT)
    assert str(caught.value) == "event 'a1': is of lead '17', not of '23'"
    with pytest.raises(EvaluationError) as caught:
        engine.handoff(lead(), at=AT, previous="tepid")
    assert str(caught.value) == "previous: no band 'tepid'; expected 'hot' or 'cold'"


def test_a_gap_prints_as_one_line() -> None:
    assert (
        str(Gap("owner", "owner", "nobody owns the lead")) == "nobody owns the lead [owner owner]"
    )
