from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.cli.runs import AT, POLICY, Command, Run, written


@pytest.fixture
def own(leadrules: Command) -> Callable[..., Run]:
    """Score a file of leads without a mapping."""
    written("policy.yaml", POLICY)

    def score(name: str, text: str) -> Run:
        written(name, text)
        return leadrules("score", "policy.yaml", "--leads", name, "--format", "csv", "--at", AT)

    return score


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("leads.csv", "id,company.employees,title,created\n17,120,CEO,\n"),
        ("leads.csv", "\ufeff id ,company_employees,title,created\n17, 120 ,CEO,\n"),
        ("leads.csv", "\n\nlead_id,company_employees,title,created\n17,120,CEO,\n"),
        ("leads.tsv", "id\tcompany_employees\ttitle\tcreated\n17\t120\tCEO\t\n"),
        ("leads.jsonl", '\n{"id": 17, "company.employees": 120, "title": "CEO"}\n{"id": 18}\n'),
        ("leads.jsonl", '{"id": 17, "title": "CEO", "company_employees": 120}\n{"created": 1}\n'),
        ("leads.jsonl", '{"id": "1\n[]\n{"id": 17, "title": "CEO", "company_employees": 120}\n'),
    ],
)
def test_a_file_needs_no_mapping(own: Callable[..., Run], name: str, text: str) -> None:
    row = own(name, text).out.splitlines()[1]
    assert row.startswith("17,2026-10-05T07:00:00+00:00,23,22.5,size.1;role.1,fresh,")


def test_a_later_record_may_have_other_fields(own: Callable[..., Run]) -> None:
    records = '{"id": 17}\n{"id": 18, "title": "CEO", "company_employees": 120}\n'
    code, out, err = own("leads.jsonl", records)
    assert code == 0
    assert out.splitlines()[2].startswith("18,2026-10-05T07:00:00+00:00,23,22.5,size.1;role.1,")
    assert err.splitlines() == [
        "note: missing in every lead, since no column gives it: 'created'",
        "2 rows read: 2 accepted, 0 rejected",
        "2 leads",
    ]


def test_rows_that_are_all_accepted(own: Callable[..., Run]) -> None:
    code, _, err = own("leads.csv", "id,company.employees,title,created\n17,120,CEO,\n")
    assert (code, err) == (0, "1 row read: 1 accepted, 0 rejected\n1 lead\n")


def test_columns_and_fields_that_do_not_meet_are_told(own: Callable[..., Run]) -> None:
    code, out, err = own("leads.csv", "id,titel,Nachname\n17,CEO,Adler\n")
    assert (code, out.count("\n")) == (0, 2)
    assert err.splitlines()[:2] == [
        "note: not read, since no field is called so: 'titel'; did you mean 'title'?, 'Nachname'",
        (
            "note: missing in every lead, since no column gives it: 'company.employees', 'title', "
            "'created'"
        ),
    ]


def test_many_columns_are_not_all_told(own: Callable[..., Run]) -> None:
    header = ",".join(
        ["id", "company.employees", "title", "created", *(f"x{n}" for n in range(15))]
    )
    err = own("leads.csv", header + "\n").err
    names = ", ".join(f"'x{n}'" for n in range(12))
    assert err.splitlines()[0] == (
        f"note: not read, since no field is called so: {names} and 3 more"
    )


def test_a_mapping_may_leave_fields_out(leadrules: Command) -> None:
    written("policy.yaml", POLICY)
    written("mapping.yaml", "leadrules_mapping: 1\nleads: {id: Id, title: Rank}\n")
    written("leads.csv", "Id,Rank\n17,CEO\n")
    args = ("score", "policy.yaml", "--leads", "leads.csv", "--mapping", "mapping.yaml")
    assert leadrules(*args, "--at", AT).err.splitlines()[0] == (
        "note: missing in every lead, since no column gives it: 'company.employees', 'created'"
    )


def test_parquet_needs_no_mapping(leadrules: Command) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    written("policy.yaml", POLICY)
    moment = datetime(2026, 10, 5, 6, 30, tzinfo=UTC)
    columns = {"id": ["17"], "company_employees": [120], "title": ["x"], "created": [moment]}
    parquet.write_table(pa.table(columns), "leads.parquet")
    args = ("score", "policy.yaml", "--leads", "leads.parquet", "--format", "csv", "--at", AT)
    code, out, _ = leadrules(*args)
    assert code == 0
    assert out.splitlines()[1].startswith("17,2026-10-05T07:00:00+00:00,21,21.0,size.1;fresh.1,,")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("leads.csv", "Id,title\n17,x\n", "leads.csv: no column 'id'; did you mean 'Id'?"),
        ("leads.csv", "id;title\n17;x\n", "leads.csv: no column 'id'; is the delimiter ';'?"),
        ("leads.csv", "", "leads.csv: the file is empty; expected a header"),
        (
            "leads.csv",
            'id,"title"x\n',
            "leads.csv: the header cannot be read: text stands after a closing quote",
        ),
        (
            "leads.csv",
            "id,company.employees,company_employees\n",
            "leads.csv: 'company.employees' and 'company_employees' are one field",
        ),
        ("leads.csv", "id,title,title\n", "leads.csv: 'title' is the name of 2 columns"),
        (
            "leads.csv",
            "id,budget,budget_currency\n",
            (
                "leads.csv: without --mapping an amount of money states its currency in its own "
                "cell, such as '50000 EUR'; a mapping can name the column 'budget_currency'"
            ),
        ),
        (
            "leads.xlsx",
            "",
            (
                "leads.xlsx: no format for '.xlsx'; expected .csv, .tsv, .txt, .jsonl, .ndjson, "
                ".parquet or 'source.format'"
            ),
        ),
    ],
)
def test_a_file_that_does_not_do(
    own: Callable[..., Run], name: str, text: str, message: str
) -> None:
    assert own(name, text) == Run(2, "", f"error: {message}\n")


def test_a_parquet_file_that_is_none(own: Callable[..., Run]) -> None:
    pytest.importorskip("pyarrow")
    code, out, err = own("leads.parquet", "id\n17\n")
    assert (code, out) == (2, "")
    assert err.startswith("error: leads.parquet: Parquet ")


def test_an_empty_file_of_records_has_no_leads(own: Callable[..., Run]) -> None:
    code, out, err = own("leads.jsonl", "")
    assert (code, out) == (0, "lead_id,at,score,fit,fired,uncertain,policy\n")
    assert "0 rows read: 0 accepted, 0 rejected\n" in err


KINDS_OF_ROWS = [
    (",page_view", 4),
    (",page_vew", 3),
    ("tuoch,", 2),
    ("override,", 2),
    (",", 1),
    ("activity,demo", 1),
    ("answer,", 1),
]


def test_rows_of_events_that_the_policy_does_not_know_are_told(leadrules: Command) -> None:
    written("policy.yaml", POLICY + "activities: {page_view: {}}\n")
    written("leads.csv", "id,company.employees,title,created\n17,,,\n")
    rows = [f"17,2026-01-04,{kind}" for kind, count in KINDS_OF_ROWS for _ in range(count)]
    written("events.csv", "\n".join(["lead_id,time,kind,type", *rows]))
    args = ("score", "policy.yaml", "--leads", "leads.csv", "--events", "events.csv", "--at", AT)
    code, _, err = leadrules(*args)
    assert code == 0
    assert err.splitlines() == [
        "note: events.csv: 3 rows passed over: no activity 'page_vew'; did you mean 'page_view'?",
        "note: events.csv: 2 rows passed over: no kind 'tuoch'; did you mean 'touch'?",
        (
            "note: events.csv: 2 rows passed over: there is no column 'band', 'by', 'reason', "
            "which 'override' needs"
        ),
        "note: events.csv: 3 rows passed over: others",
        "1 row read: 1 accepted, 0 rejected",
        "1 lead",
        "14 rows read: 14 accepted, 0 rejected",
        "4 events",
    ]


def test_no_row_can_be_an_event(leadrules: Command) -> None:
    written("policy.yaml", POLICY)
    written("leads.csv", "id\n17\n")
    written("events.csv", "lead_id,time,type\n17,2026-01-04,demo\n")
    args = ("score", "policy.yaml", "--leads", "leads.csv", "--events", "events.csv", "--at", AT)
    assert leadrules(*args).err.splitlines()[-1] == (
        "error: events.csv: none of it is an event: the policy declares no activities, and there "
        "are not the columns of any other kind"
    )


def test_rows_of_events_without_a_type_are_told(leadrules: Command) -> None:
    written("policy.yaml", POLICY + "activities: {page_view: {}}\n")
    written("leads.csv", "id,company.employees,title,created\n17,,,\n")
    written("events.jsonl", '{"lead_id": 17, "time": "2026-01-04", "type": null}\n{"type": 5}\n')
    args = ("score", "policy.yaml", "--leads", "leads.csv", "--events", "events.jsonl", "--at", AT)
    assert leadrules(*args).err.splitlines()[:2] == [
        "note: events.jsonl: 1 row passed over: no type",
        "note: events.jsonl: 1 row passed over: no activity '5'",
    ]
