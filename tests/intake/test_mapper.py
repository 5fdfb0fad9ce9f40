"""The mapper: records, files, repeated and conflicting rows, and that nothing is ever lost."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadrules.errors import EvaluationError
from leadrules.intake import REJECTIONS, Attached, Intake, Mapper, load_mapping
from leadrules.intake.csv_text import csv_records
from leadrules.lead import Company, Lead
from leadrules.values import Money, Type
from leadrules.vocabulary import Declaration, Vocabulary

VOCABULARY = Vocabulary(
    {
        "interest": Declaration(type=Type.ENUM, choices=("crm", "analytics")),
        "products": Declaration(type=Type.STRINGS),
        "grade": Declaration(type=Type.STRING),
        "fee": Declaration(type=Type.MONEY),
        "wait": Declaration(type=Type.DURATION),
        "seen": Declaration(type=Type.DATETIME),
        "vip": Declaration(type=Type.BOOLEAN),
    },
    activities={"page_view": {"path": Declaration(type=Type.STRING)}},
)

DEALS = """
leadrules_mapping: 1
missing: [Select, n/a]
decimal: ","
zone: Europe/Berlin
leads:
  id: Id
  created: {column: Created, dates: ["%d.%m.%Y %H:%M"]}
  lead_type: {constant: contact_form}
  source: {column: Source, values: {google: Google}, missing: [unknown]}
  company.employees: Staff
  budget: {column: Amount, currency: {column: Cur}}
  grade: {column: Grade, values: {A - High: A, B - Low: B}, otherwise: reject}
  interest: {column: Interest, values: {C: crm}}
"""
HEADER = "Id,Created,Source,Staff,Amount,Cur,Grade,Interest\n"

CALLS = """
leadrules_mapping: 1
zone: UTC
events:
  - kind: touch
    id: Id
    lead_id: Deal
    time: Time
    only: {column: State, not_in: [Cancelled]}
    properties: {channel: {constant: call}, direction: {column: Way, values: {O: outbound}}}
"""

VIEWS = """
leadrules_mapping: 1
zone: UTC
events:
  - {kind: activity, type: page_view, contact_id: Who, time: Time, properties: {path: Path}}
"""


def mapper(text: str, vocabulary: Vocabulary = VOCABULARY) -> Mapper:
    return load_mapping(text, vocabulary=vocabulary)


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Intake]:
    """Write a file and read it by a mapping."""

    def read(mapping: str, text: str | bytes, name: str = "export.csv", **kwargs: Any) -> Intake:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return mapper(mapping).read(path, **kwargs)

    return read


# One record


def test_a_record_becomes_a_lead() -> None:
    record = {
        "Id": 1234567890123456001,
        "Created": " 21.06.2024 15:30 ",
        "Source": "google",
        "Staff": "1.200",
        "Amount": "€ 3.500,00",
        "Cur": "EUR",
        "Grade": "A - High",
        "Interest": "C",
        "Something": "else",
    }
    assert mapper(DEALS).lead(record) == Lead(
        id="1234567890123456001",
        created=datetime(2024, 6, 21, 13, 30, tzinfo=UTC),
        lead_type="contact_form",
        source="Google",
        company=Company(employees=1200),
        budget=Money.parse("3500 EUR"),
        fields={"grade": "A", "interest": "crm"},
    )


def test_what_is_missing_is_left_out() -> None:
    record = {"Id": "17", "Created": "  ", "Source": "unknown", "Staff": "Select ", "Amount": None}
    assert mapper(DEALS).lead(record) == Lead(id="17", lead_type="contact_form")


def test_nan_is_missing_but_infinity_is_not_a_number() -> None:
    assert mapper(DEALS).lead({"Id": "17", "Staff": float("nan")}).company.employees is None
    with pytest.raises(EvaluationError) as caught:
        mapper(DEALS).lead({"Id": "17", "Staff": float("inf")})
    assert str(caught.value) == ("company.employees: 'inf' is not a finite number (column 'Staff')")
    assert caught.value.field == "company.employees"


def test_a_record_without_an_id() -> None:
    with pytest.raises(EvaluationError) as caught:
        mapper(DEALS).lead({"Created": "21.06.2024 15:30"})
    assert str(caught.value) == "id: is missing (column 'Id')"


def test_a_typed_cell_is_found_among_values_and_missing_by_its_text() -> None:
    found = mapper("""
leadrules_mapping: 1
missing: ["-1"]
leads: {id: Id, city: Town, grade: {column: Grade, values: {1: first, true: yes}}}
""")
    assert found.lead({"Id": 1, "Town": -1, "Grade": 1}) == Lead(id="1", fields={"grade": "first"})
    assert found.lead({"Id": 1, "Town": 0, "Grade": True}).fields == {"grade": "yes"}
    with pytest.raises(EvaluationError, match=r"^city: '\[\]' is not a text \(column 'Town'\)$"):
        found.lead({"Id": 1, "Town": [], "Grade": 1})


def test_text_may_keep_its_white_space() -> None:
    found = mapper("""
leadrules_mapping: 1
trim: false
missing: [Select]
leads: {id: {column: Id, trim: true}, city: Town}
""")
    assert found.lead({"Id": " 1 ", "Town": " Graz "}) == Lead(id="1", city=" Graz ")
    assert found.lead({"Id": " 1 ", "Town": " Select "}) == Lead(id="1")


def test_values_of_a_list_are_of_its_texts() -> None:
    text = """
leadrules_mapping: 1
leads: {id: Id, products: {column: P, values: {C: crm}, otherwise: missing}}
"""
    assert mapper(text).lead({"Id": "1", "P": "C;X"}).fields == {"products": ("crm",)}


def test_constants_are_of_their_type() -> None:
    text = """
leadrules_mapping: 1
zone: UTC
leads:
  id: Id
  products: {constant: crm}
  fee: {constant: 12.50 EUR}
  wait: {constant: 2 days}
  seen: {constant: "2024-01-05T09:00:00+01:00"}
  vip: {column: VIP, values: {Ja: true}, otherwise: missing}
"""
    lead = mapper(text).lead({"Id": "1", "VIP": "Ja"})
    assert lead == Lead(
        id="1",
        fields={
            "products": ("crm",),
            "fee": Money.parse("12.5 EUR"),
            "wait": lead.fields["wait"],
            "seen": datetime(2024, 1, 5, 8, tzinfo=UTC),
            "vip": True,
        },
    )
    assert str(lead.fields["wait"]) == "2 days, 0:00:00"


def test_money_may_be_typed_already() -> None:
    lead = mapper(DEALS).lead({"Id": "1", "Amount": Money.parse("5 EUR")})
    assert lead.budget == Money.parse("5 EUR")


def test_a_record_says_events() -> None:
    (event,) = mapper(CALLS).events(
        {"Id": "c1", "Deal": "17", "Time": "2024-01-05 09:00", "State": None, "Way": "O"}
    )
    assert (event.lead_id, event.id, event["direction"]) == ("17", "c1", "outbound")
    assert mapper(CALLS).events({"State": "Cancelled"}) == ()


def test_a_record_of_a_contact_needs_the_leads() -> None:
    record = {"Who": "ada", "Time": "2024-01-05", "Path": "/pricing"}
    (event,) = mapper(VIEWS).events(record, leads=[Lead(id="17", contact_id="ada")])
    assert event.lead_id == "17"
    with pytest.raises(EvaluationError) as caught:
        mapper(VIEWS).events(record)
    assert str(caught.value) == "contact 'ada' has none of the given leads"


def test_a_mapping_without_leads_makes_none() -> None:
    with pytest.raises(EvaluationError, match=r"^the mapping has no leads$"):
        mapper(CALLS).lead({})


# Rows that are not accepted

DIRTY = [
    ("1,,,,,,\n", None, "too-few-cells", "the row has 7 cells, the header has 8"),
    ("1,,,,,,,,\n", None, "too-many-cells", "the row has 9 cells, the header has 8"),
    ("1,\xff,,,,,,\n".encode("latin-1"), None, "undecodable", r"'\xff' is not of the encoding"),
    ("1,\0,,,,,,\n", None, "nul-character", "the row holds a NUL character"),
    (" ,,Google,,,,,\n", "Id", "missing-id", "id: is missing"),
    (
        "1.23457E+18,,,,,,,\n",
        "Id",
        "digits-lost",
        "id: '1.23457E+18' is a number that a spreadsheet has shortened; its digits are lost",
    ),
    (
        "1,2024-06-21,,,,,,\n",
        "Created",
        "bad-date",
        "created: '2024-06-21' is not a date and time written '%d.%m.%Y %H:%M'",
    ),
    (
        "1,,,many,,,,\n",
        "Staff",
        "bad-number",
        "company.employees: 'many' is not a number",
    ),
    (
        "1,,,-5,,,,\n",
        "Staff",
        "bad-value",
        "company.employees: '-5' is not possible; expected at least 0",
    ),
    ("1,,,,5,,,\n", "Amount", "bad-money", "budget: '5' states no currency; expected '50000 EUR'"),
    (
        "1,,,,5,euro,,\n",
        "Amount",
        "bad-money",
        "budget: no currency 'euro'; expected an ISO 4217 code such as 'EUR'",
    ),
    (
        "1,,,,,,X,\n",
        "Grade",
        "unlisted-value",
        "grade: 'X' is not among the values; expected 'A - High' or 'B - Low'",
    ),
    (
        "1,,,,,,,CRM\n",
        "Interest",
        "not-a-choice",
        "interest: 'CRM' is not a choice; expected 'crm' or 'analytics'; did you mean 'crm'?",
    ),
]


@pytest.mark.parametrize(("row", "column", "code", "reason"), DIRTY, ids=[d[2] for d in DIRTY])
def test_a_dirty_row_is_rejected_with_its_text(
    read: Callable[..., Intake], row: str | bytes, column: str | None, code: str, reason: str
) -> None:
    raw = row if isinstance(row, bytes) else row.encode()
    intake = read(DEALS, HEADER.encode() + raw + b"2,,,,,,,\n")
    (reject,) = intake.rejects
    assert (reject.line, reject.column, reject.code, reject.reason) == (2, column, code, reason)
    assert reject.text == raw.decode("utf-8", "backslashreplace")
    assert reject.code in REJECTIONS
    assert [lead.id for lead in intake.leads] == ["2"]


@pytest.mark.parametrize(
    ("row", "column", "code", "reason"),
    [
        (",1,2024-01-05,,O\n", "Id", "missing-id", "id: is missing"),
        ("c,,2024-01-05,,O\n", "Deal", "missing-lead", "lead_id: is missing"),
        ("c,1,,,O\n", "Time", "missing-time", "time: is missing"),
        ("c,1,2024-01-05,,\n", "Way", "missing-value", "direction: is missing"),
        (
            "c,1,2024-01-05,,out\n",
            "Way",
            "not-a-choice",
            "direction: 'out' is not a choice; expected 'outbound' or 'inbound'",
        ),
    ],
)
def test_a_dirty_event_is_rejected(
    read: Callable[..., Intake], row: str, column: str, code: str, reason: str
) -> None:
    (reject,) = read(CALLS, f"Id,Deal,Time,State,Way\n{row}").rejects
    assert (reject.column, reject.code, reject.reason) == (column, code, reason)


def test_the_rest_of_a_file_survives_a_stray_quote(read: Callable[..., Intake]) -> None:
    rows = "".join(f"{n},,,,,,,\n" for n in range(3_000))
    intake = read(DEALS, f'{HEADER}x,"stray,,,,,,\n{rows}')
    assert (intake.read, intake.accepted, len(intake.leads)) == (3_001, 3_000, 3_000)
    assert [(reject.line, reject.code) for reject in intake.rejects] == [(2, "unclosed-quote")]


def test_a_row_is_taken_as_a_whole_or_not_at_all(read: Callable[..., Intake]) -> None:
    mapping = """
leadrules_mapping: 1
zone: UTC
leads: {id: Id}
events:
  - {kind: activity, type: page_view, lead_id: Id, time: First, properties: {path: Path}}
  - {kind: activity, type: page_view, lead_id: Id, time: Last, only: Last}
"""
    intake = read(mapping, "Id,First,Last,Path\n1,2024-01-05,,/\n2,2024-01-05,soon,/\n")
    assert [lead.id for lead in intake.leads] == ["1"]
    assert [event["path"] for event in intake.events] == ["/"]
    assert [reject.line for reject in intake.rejects] == [3]


# Saying things again


def test_a_repeated_row_is_accepted_and_changes_nothing(read: Callable[..., Intake]) -> None:
    intake = read(DEALS, f"{HEADER}1,,Google,,,,,\n1,,google,,,,,\n")
    assert (intake.read, intake.taken, intake.repeated, len(intake.leads)) == (2, 1, 1, 1)


def test_other_content_under_the_same_id_is_rejected(read: Callable[..., Intake]) -> None:
    intake = read(DEALS, f"{HEADER}1,,Google,,,,,\n\n1,,Bing,,,,,\n")
    (reject,) = intake.rejects
    assert (reject.line, reject.code, reject.reason) == (
        4,
        "conflicting-id",
        "id: line 2 says other things of lead '1'",
    )
    assert intake.leads[0].source == "Google"


def test_events_are_told_apart_by_lead_and_id(read: Callable[..., Intake]) -> None:
    rows = "c,1,2024-01-05,,O\nc,2,2024-01-05,,O\nc,1,2024-01-05,,O\nc,1,2024-01-06,,O\n"
    intake = read(CALLS, f"Id,Deal,Time,State,Way\n{rows}")
    assert (intake.taken, intake.repeated) == (2, 1)
    assert [reject.reason for reject in intake.rejects] == [
        "id: line 2 says other things of event 'c' of lead '1'"
    ]


def test_two_events_of_one_row_may_not_share_an_id(read: Callable[..., Intake]) -> None:
    mapping = """
leadrules_mapping: 1
zone: UTC
events:
  - {kind: activity, type: page_view, lead_id: L, id: Id, time: A}
  - {kind: activity, type: page_view, lead_id: L, id: Id, time: B}
"""
    intake = read(mapping, "L,Id,A,B\n1,x,2024-01-05,2024-01-06\n")
    assert [reject.reason for reject in intake.rejects] == [
        (
            "id: events[0] and events[1] of the mapping say different things of event 'x' of lead"
            " '1'; expected an id of its own for each; an event without 'id' has one made"
        )
    ]


def test_two_events_of_one_row_may_say_the_same(read: Callable[..., Intake]) -> None:
    mapping = """
leadrules_mapping: 1
zone: UTC
events:
  - {kind: activity, type: page_view, lead_id: L, id: Id, time: A}
  - {kind: activity, type: page_view, lead_id: L, id: Id, time: B}
"""
    intake = read(mapping, "L,Id,A,B\n1,x,2024-01-05,2024-01-05\n")
    assert (intake.taken, len(intake.events)) == (1, 1)


def test_totals_are_as_of_the_day_of_the_export(read: Callable[..., Intake]) -> None:
    mapping = """
leadrules_mapping: 1
events:
  - kind: activity
    type: page_view
    lead_id: L
    time: {constant: "2024-06-21T00:00:00+02:00"}
    properties: {path: P}
"""
    intake = read(mapping, "L,P\n1,/a\n2,/a\n1,/a\n")
    assert {event.time for event in intake.events} == {datetime(2024, 6, 20, 22, tzinfo=UTC)}
    assert [(event.lead_id, event.id[-2:]) for event in intake.events] == [
        ("1", "-1"),
        ("2", "-1"),
        ("1", "-2"),
    ]
    assert read(mapping, "L,P\n1,/a\n2,/a\n1,/a\n") == intake


def test_an_id_is_made_from_what_the_row_says_and_its_ordinal(read: Callable[..., Intake]) -> None:
    leads = [Lead(id="17", contact_id="ada")]
    rows = ["ada,2024-01-05,/,x\n", "ada,2024-01-05,/,y\n", "ada,2024-01-06,/,x\n"]
    first = read(VIEWS, "Who,Time,Path,Other\n" + "".join(rows), leads=leads)
    ids = [event.id for event in first.events]
    assert [re.sub("^[0-9a-f]{16}", "", each) for each in ids] == ["-1", "-2", "-1"]
    assert ids[0][:-2] == ids[1][:-2] != ids[2][:-2]
    turned = read(VIEWS, "Who,Time,Path,Other\n" + "".join(reversed(rows)), leads=leads)
    assert {event.id for event in turned.events} == set(ids)


def test_rows_that_no_event_chooses_are_passed_over(read: Callable[..., Intake]) -> None:
    intake = read(CALLS, "Id,Deal,Time,State,Way\nc,,,Cancelled,\nd,1,2024-01-05,Done,O\n")
    assert (intake.passed_over, intake.accepted, len(intake.events)) == (1, 2, 1)


@pytest.mark.parametrize(
    ("only", "ids"),
    [
        ("Kind", "abc"),
        ("{column: Kind, in: [view, click]}", "ab"),
        ("{column: Kind, not_in: [view]}", "bcd"),
        ("{column: Kind, in: [view, click], not_in: [click]}", "a"),
    ],
)
def test_which_rows_say_an_event(read: Callable[..., Intake], only: str, ids: str) -> None:
    mapping = f"""
leadrules_mapping: 1
zone: UTC
events: [{{kind: activity, type: page_view, lead_id: L, id: Id, time: T, only: {only}}}]
"""
    rows = "a, view \nb,click\nc,other\nd,\n".replace(",", ",1,2024-01-05,")
    intake = read(mapping, f"Id,L,T,Kind\n{rows}")
    assert "".join(event.id for event in intake.events) == ids


ANSWERS = """
leadrules_mapping: 1
zone: UTC
events:
  - kind: answer
    lead_id: L
    time: T
    only: {column: Kind, in: [answer]}
    properties: {criterion: {column: What, values: {Geld: budget}}, answer: {constant: met}}
  - kind: override
    lead_id: L
    time: T
    only: {column: Kind, in: [override]}
    properties: {band: What, by: {constant: Eva}, reason: {constant: x}}
"""


def test_a_criterion_or_a_band_that_there_is_not_is_rejected() -> None:
    records = [
        {"L": "17", "T": "2026-01-05", "Kind": kind, "What": what}
        for kind, what in [
            ("answer", "Geld"),
            ("answer", "Budjet"),
            ("override", "hot"),
            ("override", "tepid"),
        ]
    ]
    words = Vocabulary(criteria=("budget", "need"), bands=("hot", "cold"))
    intake = mapper(ANSWERS, words).read(records)
    assert [(event["criterion"], event["band"]) for event in intake.events] == [
        ("budget", None),
        (None, "hot"),
    ]
    assert [(found.line, found.column, found.code, found.reason) for found in intake.rejects] == [
        (
            2,
            "What",
            "not-a-choice",
            (
                "criterion: 'Budjet' is not a choice; expected 'budget' or 'need'; did you mean "
                "'budget'?"
            ),
        ),
        (4, "What", "not-a-choice", "band: 'tepid' is not a choice; expected 'hot' or 'cold'"),
    ]
    assert len(mapper(ANSWERS).read(records).events) == 4


def test_events_of_contacts_find_their_leads(read: Callable[..., Intake]) -> None:
    leads = [
        Lead(id="1", contact_id="ada", created=datetime(2024, 1, 3, tzinfo=UTC)),
        Lead(id="2", contact_id="ada", created=datetime(2024, 1, 5, tzinfo=UTC)),
        Lead(id="3", contact_id="bob"),
    ]
    happened = [("ada", 1), ("ada", 4), ("ada", 6), ("bob", 1), ("eve", 1), ("", 1)]
    rows = "".join(f"{who},2024-01-0{day},/\n" for who, day in happened)
    intake = read(VIEWS, f"Who,Time,Path\n{rows}", leads=leads)
    assert [event.lead_id for event in intake.events] == ["1", "1", "2", "3"]
    assert intake.attached == Attached(sole=1, latest=2, earliest=1)
    assert intake.reasons == {"no-lead": 1, "missing-contact": 1}
    assert (
        intake.summary()
        == """\
6 rows read: 4 accepted, 2 rejected
4 events
events of contacts with several leads: 2 to the latest lead before, 1 to the earliest
        1 no-lead: the event's contact has none of the given leads
        1 missing-contact: the cell that says the event's contact is missing"""
    )


# Rows that are neither leads nor events

SPENDING = """
leadrules_mapping: 1
missing: [n/a]
zone: Europe/Berlin
rows:
  day: {column: Date, type: date, required: true}
  campaign: Campaign
  spend: {column: Spend, type: money, currency: EUR, required: true}
  clicks: {column: Clicks, type: integer}
  source: {constant: Google}
"""
SPENT = "Date,Campaign,Spend,Clicks\n"


def test_a_row_gives_its_known_values_by_name(read: Callable[..., Intake]) -> None:
    rows = f"{SPENT}2024-06-21,summer,12.50,3\n2024-06-22 00:00:00,n/a,0 EUR,\n"
    intake = read(SPENDING, rows)
    assert intake.rows == (
        {
            "day": date(2024, 6, 21),
            "campaign": "summer",
            "spend": Money.parse("12.50 EUR"),
            "clicks": 3,
            "source": "Google",
        },
        {"day": date(2024, 6, 22), "spend": Money.parse("0 EUR"), "source": "Google"},
    )
    assert (intake.read, intake.taken, intake.leads, intake.events) == (2, 2, (), ())


def test_values_of_rows_are_of_every_type() -> None:
    found = mapper("""
leadrules_mapping: 1
zone: Europe/Berlin
decimal: ","
rows:
  text: T
  rate: {column: N, type: number}
  sure: {column: B, type: boolean}
  seen: {column: S, type: datetime}
  since: {constant: "2024-01-05T09:00:00+01:00", type: datetime}
  took: {column: D, type: duration, unit: minutes}
  fee: {column: F, type: money, currency: {column: C}}
  device: {column: E, type: enum, choices: [phone, desk], values: {P: phone}}
  tags: {column: L, type: strings, separator: "|"}
""")
    cells = ["a", "1,5", "yes", "2024-06-21 15:30", "1,5", "2.000", "JPY", "P", "x| y |"]
    (row,) = found.read([dict(zip("TNBSDFCEL", cells, strict=True))]).rows
    assert row == {
        "text": "a",
        "rate": 1.5,
        "sure": True,
        "seen": datetime(2024, 6, 21, 13, 30, tzinfo=UTC),
        "since": datetime(2024, 1, 5, 8, tzinfo=UTC),
        "took": timedelta(seconds=90),
        "fee": Money.parse("2000 JPY"),
        "device": "phone",
        "tags": ("x", "y"),
    }
    assert repr(row["since"]) == repr(datetime(2024, 1, 5, 8, tzinfo=UTC))


def test_equal_rows_are_all_kept(read: Callable[..., Intake]) -> None:
    intake = read(SPENDING, SPENT + "2024-06-21,summer,5,\n" * 3)
    assert (intake.taken, intake.repeated) == (3, 0)
    assert intake.rows == (intake.rows[0],) * 3


@pytest.mark.parametrize(
    ("row", "column", "code", "reason"),
    [
        (",a,5,1\n", "Date", "missing-value", "day: is missing"),
        ("2024-06-21,a,n/a,1\n", "Spend", "missing-value", "spend: is missing"),
        (
            "21.06.2024,a,5,1\n",
            "Date",
            "bad-date",
            "day: '21.06.2024' is not a date of ISO 8601",
        ),
        ("2024-06-21,a,5 USD,1\n", "Spend", "bad-money", "spend: '5 USD' is not in EUR"),
        ("2024-06-21,a,5,many\n", "Clicks", "bad-number", "clicks: 'many' is not a number"),
        ("2024-06-21,a,5\n", None, "too-few-cells", "the row has 3 cells, the header has 4"),
    ],
)
def test_a_dirty_row_of_a_table_is_rejected(
    read: Callable[..., Intake], row: str, column: str | None, code: str, reason: str
) -> None:
    intake = read(SPENDING, f"{SPENT}{row}2024-06-22,b,0,0\n")
    (reject,) = intake.rejects
    assert (reject.line, reject.column, reject.code, reject.reason) == (2, column, code, reason)
    assert [each["campaign"] for each in intake.rows] == ["b"]


def test_a_row_holds_no_text_that_a_lead_may_not_hold(read: Callable[..., Intake]) -> None:
    line = '{"Date": "2024-06-21", "Spend": 5, "Campaign": "\\ud800"}'
    (reject,) = read(SPENDING, line, "a.jsonl").rejects
    assert (reject.column, reject.code, reject.reason) == (
        "Campaign",
        "bad-value",
        r"campaign: '\ud800' is not valid Unicode; it has half of a surrogate pair",
    )


def test_a_row_may_say_a_lead_an_event_and_values(read: Callable[..., Intake]) -> None:
    mapping = """
leadrules_mapping: 1
zone: UTC
leads: {id: Id}
events: [{kind: activity, type: page_view, lead_id: Id, time: Seen, only: Seen}]
rows: {clicks: {column: Clicks, type: integer}, town: Town}
"""
    assert repr(mapper(mapping)) == "Mapper(leads, page_view, rows)"
    intake = read(mapping, "Id,Seen,Clicks,Town\n1,2024-01-05,1,\n1,,2,\n2,,few,\n1,,,\n")
    assert repr(intake) == "Intake(read=4, accepted=3, rejected=1, leads=1, events=1, rows=3)"
    assert intake.rows == ({"clicks": 1}, {"clicks": 2}, {})
    assert [lead.id for lead in intake.leads] == ["1"]  # that of the rejected row is none
    assert (intake.taken, intake.repeated, intake.passed_over) == (3, 0, 0)


def test_a_rejected_lead_gives_no_row(read: Callable[..., Intake]) -> None:
    mapping = "leadrules_mapping: 1\nleads: {id: Id, city: Town}\nrows: {town: Town}\n"
    intake = read(mapping, "Id,Town\n1,Graz\n1,Linz\n,Wien\n")
    assert intake.rows == ({"town": "Graz"},)
    assert intake.reasons == {"conflicting-id": 1, "missing-id": 1}


def test_rows_are_counted_where_the_mapping_has_some(read: Callable[..., Intake]) -> None:
    intake = read(SPENDING, f"{SPENT}2024-06-21,a,,1\n2024-06-21,a,many,1\n")
    assert intake == Intake(read=2, rejects=intake.rejects, with_rows=True)
    assert intake.summary().startswith("2 rows read: 0 accepted, 2 rejected\n0 leads, 0 events, 0")
    assert (
        read(SPENDING, f"{SPENT}2024-06-21,a,1,1\n").summary()
        == """\
1 row read: 1 accepted, 0 rejected
1 row"""
    )


# Files as a whole


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty; expected a header"),
        ("\n\n", "the file is empty; expected a header"),
        ("id,Town\n", "no column 'Id'; did you mean 'id'?"),
        ("Ids,Cities\n", "no column 'Id'; did you mean 'Ids'?, no column 'Town'"),
        ("Id;Town\n", "no column 'Id', no column 'Town'; is the delimiter ';'?"),
        ("Id,Town,Town\n", "'Town' is the name of 2 columns"),
        (
            'Id,"Town\n1,Graz\n',
            "the header cannot be read: a quote is not closed before the end of the file",
        ),
        (
            b"\xff\xfeI\0d\0",
            r"the header cannot be read: '\xff' is not of the encoding; see 'source.encoding'",
        ),
    ],
)
def test_a_file_that_cannot_be_read(
    tmp_path: Path, read: Callable[..., Intake], text: str | bytes, message: str
) -> None:
    with pytest.raises(EvaluationError) as caught:
        read("leadrules_mapping: 1\nleads: {id: Id, city: Town}\n", text)
    assert str(caught.value) == f"{tmp_path / 'export.csv'}: {message}"


TOWNS = "leadrules_mapping: 1\nsource: {SOURCE}\nleads: {id: Id, city: Town}\n"


@pytest.mark.parametrize(
    ("source", "name", "text"),
    [
        ("", "a.csv", "\ufeff Id ,Town\r\n1,Münster\r\n".encode()),
        ("", "a.csv", '\ufeff"Id","Town",,\r\n1,"Münster",,'.encode()),
        ("", "a.tsv", "Id\tTown\n1\tMünster\n".encode()),
        ("delimiter: ';', encoding: cp1252", "a.txt", "Town;Id\nMünster;1\n".encode("cp1252")),
        ("format: csv, encoding: UTF-16", "a.dat", "Id,Town\n1,Münster\n".encode("utf-16")),
        ("", "a.jsonl", '{"Town": "Münster", "Id": 1}\n\n'.encode()),
        ("", "a.ndjson", '\ufeff{"Id": "1", "Town": "M\\u00fcnster"}'.encode()),
    ],
)
def test_a_file_of_any_form(
    read: Callable[..., Intake], source: str, name: str, text: bytes
) -> None:
    intake = read(TOWNS.replace("SOURCE", source), text, name)
    assert intake.leads == (Lead(id="1", city="Münster"),)
    assert intake.read == 1


def test_one_column_is_enough(read: Callable[..., Intake]) -> None:
    intake = read("leadrules_mapping: 1\nleads: {id: Id}\n", "Town,Id\nGraz,1\n")
    assert intake.leads == (Lead(id="1"),)


def test_an_event_that_its_kind_does_not_allow(read: Callable[..., Intake]) -> None:
    line = '{"L": "1", "T": "2024-01-05", "P": "\\ud800"}'
    mapping = """
leadrules_mapping: 1
zone: UTC
events:
  - {kind: activity, type: page_view, lead_id: L, id: T, time: T, properties: {path: P}}
"""
    (reject,) = read(mapping, line, "a.jsonl").rejects
    assert (reject.column, reject.code, reject.reason) == (
        "P",
        "bad-value",
        r"event '2024-01-05': path: '\ud800' is not valid Unicode; it has half of a surrogate pair",
    )


def test_a_file_with_only_a_header(read: Callable[..., Intake]) -> None:
    assert read(DEALS, HEADER) == Intake()


def test_a_file_of_no_known_format(tmp_path: Path, read: Callable[..., Intake]) -> None:
    with pytest.raises(EvaluationError) as caught:
        read(DEALS, "", "leads.xlsx")
    assert str(caught.value) == (
        f"{tmp_path / 'leads.xlsx'}: no format for '.xlsx'; expected .csv, .tsv, .txt, .jsonl,"
        " .ndjson, .parquet or 'source.format'"
    )


def test_bytes_that_a_wide_encoding_cannot_hold(read: Callable[..., Intake]) -> None:
    text = "Id,Town\n1,Graz\n".encode("utf-16") + b"\n"
    with pytest.raises(EvaluationError, match=r"is not utf-16.*: truncated data; see 'source.enc"):
        read(TOWNS.replace("SOURCE", "encoding: utf-16"), text)


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError):
        mapper(DEALS).read("no such file.csv")


@pytest.mark.parametrize(
    ("line", "code", "reason"),
    [
        ("[1]", "bad-json", "the line is not a JSON object: expected keys and values"),
        (
            '{"Id": 1',
            "bad-json",
            "the line is not a JSON object: expecting ',' delimiter at character 9",
        ),
        ('{"Id": 1, "Id": 2}', "bad-json", "the line is not a JSON object: a key stands twice"),
        ("[" * 100_000, "bad-json", "the line is not a JSON object: nested too deeply"),
        ('{"Id": "\udcff"}', "undecodable", r"'\xff' is not of the encoding"),
        ('{"Id": "\\ud800"}', "bad-value", r"id: '\ud800' is not a text"),
        (
            '{"Id": 1.234567e18}',
            "digits-lost",
            "id: '1.234567E+18' is a rounded number; its digits are lost",
        ),
        ('{"Id": 1, "Town": {"name": "Graz"}}', "bad-text", "city: '{'name': 'Graz'}' is no"),
    ],
)
def test_a_dirty_line_of_json(
    read: Callable[..., Intake], line: str, code: str, reason: str
) -> None:
    text = f'{{"Id": 1234567890123456001}}\n{line}\n'.encode("utf-8", "surrogateescape")
    intake = read(TOWNS.replace("SOURCE", ""), text, "a.jsonl")
    (reject,) = intake.rejects
    assert (reject.line, reject.code) == (2, code)
    assert reject.reason.startswith(reason)
    assert intake.leads == (Lead(id="1234567890123456001"),)
    assert intake.unseen == (() if "Town" in line else ("Town",))


def test_records_are_read_as_rows() -> None:
    records: list[Any] = [{"Id": 1}, {"Id": 1, "Town": "Graz"}, "no record", {"Id": None}]
    intake = mapper(TOWNS.replace("SOURCE", "")).read(iter(records))
    assert [(each.line, each.code, each.text) for each in intake.rejects] == [
        (2, "conflicting-id", '{"Id": 1, "Town": "Graz"}'),
        (3, "bad-value", '"no record"'),
        (4, "missing-id", '{"Id": null}'),
    ]
    assert intake.rejects[0].reason == "id: row 1 says other things of lead '1'"
    assert mapper(TOWNS.replace("SOURCE", "")).read(records) == intake


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"Id": 1.5}', "id: '1.5' is not an id; expected a text or a whole number"),
        ('{"Id": true}', "id: 'true' is not an id; expected a text or a whole number"),
        ('{"Id": []}', "id: '[]' is not a text"),
    ],
)
def test_an_id_is_a_text_or_a_whole_number(
    read: Callable[..., Intake], line: str, reason: str
) -> None:
    records = f'{line}\n{{"Id": 17}}\n{{"Id": 18.0}}\n{{"Id": "1.5"}}\n{{"Id": "true"}}\n'
    intake = read(TOWNS.replace("SOURCE", "format: jsonl"), records)
    assert [(found.code, found.column, found.reason) for found in intake.rejects] == [
        ("bad-text", "Id", reason)
    ]
    assert [lead.id for lead in intake.leads] == ["17", "18", "1.5", "true"]


def test_columns_that_no_record_has_are_told() -> None:
    intake = mapper(TOWNS.replace("SOURCE", "")).read([{"Id": 1, "town": "Graz"}])
    assert intake.unseen == ("Town",)
    assert intake.summary().endswith("columns that no record has: Town")
    assert intake.summary(mapped=False) == "1 row read: 1 accepted, 0 rejected\n1 lead"


def test_a_source_of_no_kind() -> None:
    with pytest.raises(
        EvaluationError, match=r"^source: expected the name of a file, a data frame"
    ):
        mapper(DEALS).read(5)


# Progress and results


def test_progress_is_told_some_hundred_times(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(HEADER + "".join(f"{n},,,,,,,\n" for n in range(30_000)), encoding="utf-8")
    size = path.stat().st_size
    calls: list[tuple[int, int | None]] = []
    mapper(DEALS).read(path, progress=lambda done, total: calls.append((done, total)))
    assert calls == sorted(calls)
    assert {total for _, total in calls} == {size}
    assert calls[-1] == (size, size)
    assert 20 < len(calls) <= 101


def test_progress_without_a_known_end() -> None:
    calls: list[tuple[int, int | None]] = []
    records = ({"Id": n} for n in range(10_000))
    mapper(DEALS).read(records, progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (10_000, None)
    assert 3 < len(calls) < 30


def test_rejects_are_written_as_csv(tmp_path: Path, read: Callable[..., Intake]) -> None:
    intake = read(DEALS, HEADER.encode() + b'1,,"a\r\nb\xff",,,,,\r\n,,,,,,,')
    intake.write_rejects(tmp_path / "rejects.csv")
    with (tmp_path / "rejects.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["line", "column", "code", "reason", "text"],
        ["2", "", "undecodable", r"'\xff' is not of the encoding", '1,,"a\r\nb\\xff",,,,,\r\n'],
        ["4", "Id", "missing-id", "id: is missing", ",,,,,,,"],
    ]


def test_a_summary_tells_what_was_done_to_rows(read: Callable[..., Intake]) -> None:
    rows = "c,1,2024-01-05,,O\nc,1,2024-01-05,,O\nd,,,Cancelled,\n"
    assert (
        read(CALLS, f"Id,Deal,Time,State,Way\n{rows}").summary()
        == """\
3 rows read: 3 accepted, 0 rejected
1 event
repeated, and taken once: 1 row
passed over by 'only': 1 row"""
    )


def test_a_summary_for_those_who_have_written_no_mapping(read: Callable[..., Intake]) -> None:
    intake = read(CALLS, "Id,Deal,Time,State,Way\nc,1,2024-01-05,,O\nd,,,Cancelled,\n")
    assert intake.summary(mapped=False) == "2 rows read: 2 accepted, 0 rejected\n1 event"


def test_a_summary_of_nothing_says_so(read: Callable[..., Intake]) -> None:
    assert read(DEALS, HEADER).summary().endswith("\n0 leads, 0 events")


# Laws

CELLS = st.text(st.sampled_from('1a,"\n\r \udcff'), max_size=6)


@given(st.lists(st.lists(CELLS, max_size=3).map(",".join), max_size=8).map("\n".join))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_accepted_and_rejected_are_all_that_was_read(tmp_path: Path, body: str) -> None:
    """Law: accepted + rejected == read, and rejected rows stand where they say in the file."""
    text = f"Id,Town\n{body}"
    path = tmp_path / "export.csv"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    intake = mapper(TOWNS.replace("SOURCE", "")).read(path)
    records = [each for each in csv_records(StringIO(text, newline="")) if each.text.strip("\r\n")]
    assert intake.accepted + len(intake.rejects) == intake.read == len(records) - 1
    originals = {each.line: each.text for each in records}
    for reject in intake.rejects:
        assert reject.text == originals[reject.line].encode("utf-8", "surrogateescape").decode(
            "utf-8", "backslashreplace"
        )


LEADS = st.lists(
    st.tuples(
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip),
        st.text(st.characters(exclude_categories=["Cs", "Cc"])),
    ),
    unique_by=lambda row: row[0].strip(),
)


@given(LEADS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_leads_written_are_leads_read(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    """Law: leads survive CSV and JSON lines, and both give the same."""
    path, lines = tmp_path / "export.csv", tmp_path / "export.jsonl"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("Id", "Town"), *rows])
    objects = [json.dumps({"Id": lead_id, "Town": town}) for lead_id, town in rows]
    lines.write_text("\n".join(objects), encoding="utf-8")
    found = mapper(TOWNS.replace("SOURCE", "")).read(path)
    assert [(lead.id, lead.city) for lead in found.leads] == [
        (lead_id.strip(), town.strip() or None) for lead_id, town in rows
    ]
    assert mapper(TOWNS.replace("SOURCE", "")).read(lines).leads == found.leads


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "day": st.dates(),
            "spend": st.decimals(-(10**9), 10**9, places=2).map(lambda found: Money(found, "EUR")),
        },
        optional={
            "campaign": st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(
                lambda text: text == text.strip() != "n/a"
            ),
            "clicks": st.integers(0, 2**53),
        },
    )
)


@given(ROWS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_written_are_rows_read(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    """Law: rows survive CSV and JSON lines, equal ones too, and both give the same."""
    names = {"Date": "day", "Campaign": "campaign", "Spend": "spend", "Clicks": "clicks"}
    records = [
        {column: str(row[name]) for column, name in names.items() if name in row} for row in rows
    ]
    path, lines = tmp_path / "export.csv", tmp_path / "export.jsonl"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(records)
    lines.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    found = mapper(SPENDING).read(path)
    assert found.rows == tuple({**row, "source": "Google"} for row in rows)
    assert mapper(SPENDING).read(lines).rows == found.rows
    assert mapper(SPENDING).read(records).rows == found.rows


SPENT_CELLS = st.sampled_from(["", "2024-06-21", "5", "5 USD", "n/a", '"', "a\r", "\udcff"])


@given(st.lists(st.lists(SPENT_CELLS, max_size=5).map(",".join), max_size=8).map("\n".join))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_accepted_row_gives_one(tmp_path: Path, body: str) -> None:
    """Law: accepted + rejected == read, and there are as many rows as were accepted."""
    path = tmp_path / "export.csv"
    path.write_bytes(f"{SPENT}{body}".encode("utf-8", "surrogateescape"))
    intake = mapper(SPENDING).read(path)
    assert intake.accepted + len(intake.rejects) == intake.read
    assert len(intake.rows) == intake.accepted == intake.taken
    assert all({"day", "spend", "source"} <= set(row) for row in intake.rows)
