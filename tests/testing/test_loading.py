from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leadrules import EvaluationError, Money, PolicyError, load_policy
from leadrules.testing import CaseFile, CasesError, load_cases
from tests.testing.samples import ACME, ACME_POLICY, CASES

TYPES = load_policy(
    {
        "leadrules": 1,
        "policy": {"id": "p", "version": 1, "effective": "2026-01-01", "zone": "Europe/Berlin"},
        "fields": {
            "renews": {"type": "date"},
            "patience": {"type": "duration"},
            "tags": {"type": "strings"},
            "share": {"type": "number"},
        },
        "scoring": {"fit": {"characteristics": {"x": [{"when": "known(email)", "points": 5}]}}},
    }
)


def one_case(policy: Any = ACME_POLICY, **case: Any) -> CaseFile:
    entry = {"name": "one", "expect": {"score": 0}, **case}
    return load_cases(
        {"leadrules_cases": 1, "at": "2026-03-02T09:00", "cases": [entry]}, policy=policy
    )


def told(source: Any, **options: Any) -> list[str]:
    with pytest.raises(CasesError) as raised:
        load_cases(source, **options)
    return [str(issue) for issue in raised.value.issues]


def test_a_file_names_its_policy_as_seen_from_itself(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text(ACME)
    path = tmp_path / "acme.cases.yaml"
    path.write_text(CASES)
    file = load_cases(path)
    assert file.policy.hash == ACME_POLICY.hash
    assert file.source == str(path)
    assert [case.name for case in file.cases] == [
        "a director who looks at prices",
        "ready, but nobody knows the address",
    ]
    assert file.cases[0].why == "agreed in the review of January"


def test_a_policy_that_is_given_goes_before_the_one_that_is_named() -> None:
    assert load_cases(CASES, policy=ACME_POLICY).policy is ACME_POLICY


def test_moments_are_of_the_zone_of_the_policy() -> None:
    first, second = load_cases(CASES, policy=ACME_POLICY).cases
    assert first.history.at == datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert second.history.at == datetime(2026, 7, 31, 22, tzinfo=UTC)
    assert first.history.events[0].time == datetime(2026, 3, 1, 8, tzinfo=UTC)


def test_values_are_read_by_their_types() -> None:
    lead = {
        "id": "17",
        "budget": "12.50 EUR",
        "created": "2026-03-01T12:00",
        "consent": True,
        "company.employees": 5,
        "country": None,
        "renews": "2026-05-01",
        "patience": "3 days",
        "tags": ["a", "b"],
        "share": 1,
    }
    history = one_case(TYPES, lead=lead).cases[0].history
    assert history.lead.id == "17"
    assert history.lead.country is None
    assert history.lead.budget == Money.parse("12.50 EUR")
    assert history.lead.created == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert history.lead.fields == {
        "renews": date(2026, 5, 1),
        "patience": timedelta(days=3),
        "tags": ("a", "b"),
        "share": 1,
    }


def test_events_are_numbered_and_may_be_told_at_a_moment() -> None:
    events = [
        {"type": "page_view", "time": "2026-03-01T12:00", "properties": {"seconds": None}},
        {"kind": "retraction", "id": "r", "ago": "0 days", "properties": {"of": "e1"}},
        {"kind": "retraction", "id": "r", "ago": "0 days", "properties": {"of": "e1"}},
    ]
    history = one_case(events=events).cases[0].history
    assert [event.id for event in history.events] == ["e1", "r", "r"]
    assert history.events[0].time == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert history.events[0].properties == {}
    assert history.events[1].lead_id == "lead"


def test_everything_that_is_wrong_with_the_form() -> None:
    text = """\
leadrules_cases: 2
cases:
  - {name: "", lead: [], expect: {}, evnts: []}
  - name: x
    lead: {}
    expect:
      score: x
      fit: {value: 5, within: -1}
      fired: {exactly: [1]}
      answers: {need: maybe}
      tolerance: .inf
      ready: yes
      digit: 1.5
    events: [{ago: 3 days, time: 2026-01-01}, {type: a}, {type: b, ago: 3}]
"""
    assert told(text.replace(".inf", "-2")) == [
        "1:18: leadrules_cases: '2' is not possible; expected '1' [wrong-value]",
        "3:12: cases[0].name: an empty text; expected one that is not [empty]",
        "3:22: cases[0].lead: '[...]' is not possible; expected keys and values [wrong-type]",
        (
            "3:34: cases[0].expect: nothing is expected; expected at least one of score, fit, "
            "engagement, qualification, band, ready, letter, digit, answers, fired, uncertain, "
            "stage, owner, moved, agenda, refused, route [empty]"
        ),
        "3:38: cases[0].evnts: unknown key 'evnts'; did you mean 'events'? [unknown-key]",
        "7:14: cases[1].expect.score: 'x' is not a number [bad-number]",
        (
            "8:31: cases[1].expect.fit.within: '-1' is not possible; expected at least 0 "
            "[out-of-range]"
        ),
        "9:25: cases[1].expect.fired.exactly[0]: '1' is not possible; expected a text [wrong-type]",
        (
            "10:23: cases[1].expect.answers.need: 'maybe' is not possible; expected 'met', "
            "'not_met' or 'unknown' [wrong-value]"
        ),
        (
            "11:18: cases[1].expect.tolerance: '-2' is not possible; expected at least 0 "
            "[out-of-range]"
        ),
        "12:14: cases[1].expect.ready: 'yes' is not possible; expected true or false [wrong-type]",
        "13:14: cases[1].expect.digit: '1.5' is not possible; expected a text [wrong-type]",
        "14:14: cases[1].events[0]: expected either 'ago' or 'time' [wrong-value]",
        "14:47: cases[1].events[1]: expected either 'ago' or 'time' [wrong-value]",
        (
            "14:73: cases[1].events[2].ago: '3' is not a duration; expected a number and a unit "
            "from seconds to weeks: '30 days' [bad-duration]"
        ),
    ]


def test_everything_that_is_wrong_with_the_names_and_values() -> None:
    text = """\
leadrules_cases: 1
cases:
  - name: one
    at: 2026-03-02
    lead:
      seniorty: director
      company.employees: -800
      budget: 30000
      tier: gol
      postal_code: 10115
      created: yesterday
      consent: "yes"
      months_to_decision: 1e999
      email: [a]
    previous: hott
    expect:
      band: wrm
      letter: D
      digit: 9
      answers: {ned: met}
      fired: [larg]
      uncertain: {excludes: [sze]}
  - name: one
    lead: {id: ""}
    expect: {score: 56}
"""
    assert told(text.replace("1e999", "1.5"), policy=ACME_POLICY) == [
        (
            "4:9: cases[0].at: '2026-03-02' is not a moment; expected '2026-01-31T09:00:00+01:00' "
            "[bad-date]"
        ),
        "6:7: cases[0].lead.seniorty: no such field; did you mean 'seniority'? [unknown-name]",
        (
            "7:26: cases[0].lead['company.employees']: '-800' is not possible; expected at least 0 "
            "[wrong-value]"
        ),
        (
            "8:15: cases[0].lead.budget: '30000' is not an amount of money; expected '50000 EUR' "
            "[wrong-value]"
        ),
        (
            "9:13: cases[0].lead.tier: 'gol' is not a choice; expected 'gold' or 'silver'; did you "
            "mean 'gold'? [not-a-choice]"
        ),
        "10:20: cases[0].lead.postal_code: '10115' is not a text; quote it [wrong-value]",
        (
            "11:16: cases[0].lead.created: 'yesterday' is not a moment; expected "
            "'2026-01-31T09:00:00+01:00' [wrong-value]"
        ),
        (
            "12:16: cases[0].lead.consent: 'yes' is not a boolean; expected true or false "
            "[wrong-value]"
        ),
        "13:27: cases[0].lead.months_to_decision: '1.5' is not an integer [wrong-value]",
        "14:14: cases[0].lead.email: '[...]' is not a text [wrong-value]",
        "15:15: cases[0].previous: no band 'hott'; did you mean 'hot'? [unknown-name]",
        "17:13: cases[0].expect.band: no band 'wrm'; did you mean 'warm'? [unknown-name]",
        "18:15: cases[0].expect.letter: no letter 'D'; expected 'A', 'B' or 'C' [unknown-name]",
        "19:14: cases[0].expect.digit: no digit '9'; expected '1', '2' or '3' [unknown-name]",
        (
            "20:17: cases[0].expect.answers.ned: no criterion 'ned'; did you mean 'need'? "
            "[unknown-name]"
        ),
        "21:15: cases[0].expect.fired[0]: no rule 'larg'; did you mean 'large'? [unknown-name]",
        (
            "22:30: cases[0].expect.uncertain.excludes[0]: no characteristic 'sze'; did you mean "
            "'size'? [unknown-name]"
        ),
        (
            "23:5: cases[1]: the key 'at' is missing; give the case a moment, or the whole "
            "document [missing-key]"
        ),
        "23:11: cases[1].name: 'one' is the name of a case before; names are unique [duplicate]",
        "24:16: cases[1].lead.id: is empty; expected a text [wrong-value]",
    ]


def test_everything_that_is_wrong_with_events() -> None:
    text = """\
leadrules_cases: 1
at: 2026-03-02T09:00
cases:
  - name: one
    expect: {score: 0}
    events:
      - {kind: answr, ago: 1 day}
      - {type: page_vew, ago: 1 day}
      - {type: page_view, time: 2026-13-01, properties: {pth: x, seconds: 1.5}}
      - {ago: 1 day}
      - {kind: answer, ago: 1 day, properties: {criterion: needs, answer: yes}}
      - {kind: retraction, ago: 1 day, properties: {of: e9}}
      - {kind: override, type: x, ago: 1 day, properties: {band: hott, by: me}}
      - {type: unsubscribe, id: u, ago: 1 day}
      - {type: unsubscribe, id: u, ago: 2 days}
      - {type: unsubscribe, ago: 999999999 days}
"""
    assert told(text, policy=ACME_POLICY) == [
        (
            "7:16: cases[0].events[0].kind: no kind 'answr'; expected one of 15, such as "
            "'activity', 'touch', 'answer'; did you mean 'answer'? [unknown-name]"
        ),
        (
            "8:16: cases[0].events[1].type: no activity 'page_vew'; did you mean 'page_view'? "
            "[unknown-name]"
        ),
        (
            "9:33: cases[0].events[2].time: '2026-13-01' is not a moment; expected "
            "'2026-01-31T09:00:00+01:00' [bad-date]"
        ),
        (
            "9:58: cases[0].events[2].properties.pth: no such property of 'page_view'; did you "
            "mean 'path'? [unknown-name]"
        ),
        "9:75: cases[0].events[2].properties.seconds: '1.5' is not an integer [wrong-value]",
        (
            "10:9: cases[0].events[3]: the key 'type' is missing; an activity is of a type that "
            "the policy declares [missing-key]"
        ),
        (
            "11:60: cases[0].events[4].properties.criterion: no criterion 'needs'; did you mean "
            "'need'? [unknown-name]"
        ),
        (
            "11:75: cases[0].events[4].properties.answer: 'yes' is not a choice; expected 'met', "
            "'not_met' or 'unknown' [not-a-choice]"
        ),
        (
            "12:57: cases[0].events[5].properties.of: no event 'e9' in this case; expected one of "
            "10, such as 'e1', 'e2', 'e3' [unknown-name]"
        ),
        (
            "13:32: cases[0].events[6].type: 'type' does nothing for events of kind 'override' "
            "[unused-option]"
        ),
        (
            "13:59: cases[0].events[6].properties: 'reason' is missing; every 'override' must have "
            "it [missing-key]"
        ),
        (
            "13:66: cases[0].events[6].properties.band: no band 'hott'; did you mean 'hot'? "
            "[unknown-name]"
        ),
        (
            "15:33: cases[0].events[8].id: another event has the id 'u'; ids are unique for a lead "
            "[conflicting-id]"
        ),
        "16:34: cases[0].events[9].ago: before the year 1 [out-of-range]",
    ]


def test_what_a_policy_has_not_cannot_be_expected() -> None:
    expect = {
        "engagement": 1,
        "band": "hot",
        "letter": "A",
        "digit": 1,
        "ready": True,
        "answers": {"need": "met"},
        "fired": {"includes": ["x.1"]},
    }
    with pytest.raises(CasesError) as raised:
        one_case(TYPES, expect=expect)
    assert str(raised.value) == (
        "6 problems in the document of cases\n"
        "  cases[0].expect.engagement: the policy has no section 'engagement' [unknown-name]\n"
        "  cases[0].expect.band: no band 'hot'; the policy has none [unknown-name]\n"
        "  cases[0].expect.letter: no letter 'A'; the policy has none [unknown-name]\n"
        "  cases[0].expect.digit: no digit '1'; the policy has none [unknown-name]\n"
        "  cases[0].expect.ready: the policy does not say what is ready [unknown-name]\n"
        "  cases[0].expect.answers.need: no criterion 'need'; the policy has none [unknown-name]"
    )


def test_a_policy_without_scoring_has_nothing_to_test() -> None:
    policy = load_policy(
        {"leadrules": 1, "policy": {"id": "p", "version": 1, "effective": "2026-01-01"}}
    )
    assert told(CASES, policy=policy) == [
        (
            "5:3: cases: policy 'p' has no section 'scoring', 'lifecycle' or 'routing' to test "
            "[missing-key]"
        )
    ]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (17, "'17' is no document of cases; expected a path, a text or a mapping [wrong-type]"),
        ("{a: *}", "1:6: '*' or '&' needs a name; quote the text [syntax]"),
        (
            {"leadrules_cases": 1, "cases": []},
            "the key 'policy' is missing, and no policy was given [missing-key]",
        ),
    ],
)
def test_what_is_no_document_of_cases(source: Any, message: str) -> None:
    assert told(source) == [message]


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ('"1"', "1:18: leadrules_cases: '1' is a text; write it without quotes [wrong-type]"),
        ("true", "1:18: leadrules_cases: 'true' is not possible; expected '1' [wrong-value]"),
    ],
)
def test_the_version_is_a_number(version: str, message: str) -> None:
    text = CASES.replace("leadrules_cases: 1", f"leadrules_cases: {version}")
    assert told(text, policy=ACME_POLICY) == [message]


def test_no_cases() -> None:
    assert told({"leadrules_cases": 1, "cases": []}, policy=ACME_POLICY) == [
        "cases: no cases; expected at least one [empty]"
    ]


def test_a_number_that_no_field_can_have() -> None:
    with pytest.raises(CasesError) as raised:
        one_case(lead={"months_to_decision": 2**60})
    assert [str(issue) for issue in raised.value.issues] == [
        (
            "cases[0].lead.months_to_decision: '1152921504606846976' is not finite, or an integer "
            "beyond 2^53 [wrong-value]"
        )
    ]


def test_what_is_wrong_with_the_policy_is_told_of_the_policy(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text(ACME.replace("version: 2", "version: 0"))
    (tmp_path / "acme.cases.yaml").write_text(CASES)
    with pytest.raises(PolicyError, match="expected at least 1"):
        load_cases(tmp_path / "acme.cases.yaml")
    with pytest.raises(FileNotFoundError):
        load_cases(tmp_path / "other.cases.yaml")


def test_a_policy_that_is_not_there_is_told_where_it_is_named(tmp_path: Path) -> None:
    path = tmp_path / "acme.cases.yaml"
    path.write_text(CASES)
    with pytest.raises(CasesError) as raised:
        load_cases(path)
    message = f"policy: {tmp_path / 'acme.yaml'}: no such file or directory [wrong-value]"
    assert str(raised.value) == f"1 problem in {path}\n  {path}:2:9: {message}"


def test_the_error_survives_pickle() -> None:
    with pytest.raises(CasesError) as raised:
        load_cases("{}")
    again = pickle.loads(pickle.dumps(raised.value))
    assert (type(again), str(again)) == (CasesError, str(raised.value))


def test_points_that_cannot_be_told_yet_fail_the_case() -> None:
    text = ACME.replace("hot_from: {2026-01-01: 60, 2026-07-01: 55}", "hot_from: {2026-07-01: 55}")
    [result] = one_case(load_policy(text)).run()
    assert not result.passed
    assert result.error == str(
        EvaluationError("at: parameter 'hot_from' has no value yet at that moment")
    )
    assert list(result.lines("x")) == ["at: parameter 'hot_from' has no value yet at that moment"]
