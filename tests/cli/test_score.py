from __future__ import annotations

import csv
import io
import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from leadrules import Score, presets
from tests.cli.runs import POLICY, Command, Run, sample_scores, stripped, unboxed, written

SUMMARY = """\
200 rows read: 194 accepted, 6 rejected
"""
RESULTS = (
    "lead_id",
    "at",
    "score",
    "fit",
    "engagement",
    "qualification",
    "lifetime",
    "fit_letter",
    "engagement_digit",
    "band",
    "ready",
    "answer_budget",
    "answer_authority",
    "answer_need",
    "answer_timing",
    "band_by",
    "lacking",
    "fired",
    "uncertain",
    "policy",
)


def rows_of(scores: list[Score]) -> list[dict[str, Any]]:
    """Return what each score says, by the names of columns."""
    return [
        {
            name: score.answer(name.removeprefix("answer_"))
            if name.startswith("answer_")
            else getattr(score, name)
            for name in RESULTS
        }
        for score in scores
    ]


def in_text(value: Any) -> str:
    if isinstance(value, tuple):
        return ";".join(value)
    return value.isoformat() if isinstance(value, datetime) else str(value)


def test_csv_says_what_the_scorer_says(leadrules: Command, sample: tuple[str, ...]) -> None:
    code, out, err = leadrules(*sample, "--format", "csv")
    assert code == 1
    assert err.startswith(SUMMARY)
    assert err.endswith("\n--events-rejects FILE writes the rejected rows\n")
    assert list(csv.DictReader(io.StringIO(out))) == [
        {name: in_text(value) for name, value in row.items()} for row in rows_of(sample_scores())
    ]


def test_json_says_what_the_scorer_says(leadrules: Command, sample: tuple[str, ...]) -> None:
    out = leadrules(*sample, "--format", "json").out
    lists = ("lacking", "fired", "uncertain")
    for line, row in zip(out.splitlines(), rows_of(sample_scores()), strict=True):
        found = json.loads(line)
        found |= {name: tuple(found[name]) for name in lists}
        assert found | {"at": datetime.fromisoformat(found["at"])} == row


@pytest.mark.parametrize("decimals", [0, 1])
def test_parquet_says_what_the_scorer_says(
    leadrules: Command, sample: tuple[str, ...], decimals: int
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    text = presets.demo_policy().replace("min: 0, max", f"min: 0, decimals: {decimals}, max")
    written("trial/policy.yaml", text)
    assert leadrules(*sample, "-o", "scores.parquet").code == 1
    table = parquet.read_table("scores.parquet")
    assert tuple(table.column_names) == RESULTS
    assert str(table.schema.field("score").type) == ("double" if decimals else "int64")
    assert table.to_pylist() == [
        {name: list(x) if isinstance(x, tuple) else x for name, x in row.items()}
        for row in rows_of(sample_scores(text))
    ]


def test_a_policy_of_a_fit_alone_has_few_columns(leadrules: Command) -> None:
    written("policy.yaml", POLICY)
    written("leads.csv", "id,company.employees\n17,120\n")
    out = leadrules("score", "policy.yaml", "--leads", "leads.csv", "--format", "csv").out
    assert out.splitlines()[0] == "lead_id,at,score,fit,fired,uncertain,policy"


EVENTS = """\
lead_id,id,time,kind,type,path,criterion,answer,remark
17,a,2026-01-04T10:00,activity,page_view,/pricing,,,
17,a,2026-01-04T10:00,activity,page_view,/pricing,,,
17,b,2026-01-04T11:00,activity,page_view,/blog,,,
17,c,2026-01-04T12:00,answer,,,need,met,asked twice
17,d,soon,activity,page_view,/pricing,,,
18,e,2026-01-04T10:00,activity,page_view,/pricing,,,
17,f,2026-01-04T10:00,activity,visit,,,,
"""
ENGAGED = (
    POLICY.partition("scoring")[0]
    + """\
activities: {page_view: {properties: {path: {type: string}}}}
scoring:
  engagement:
    rules: {pricing: {activity: page_view, when: activity.path == "/pricing", points: 5}}
  qualification: {framework: BANT}
"""
)


def test_a_table_of_events_needs_no_mapping(leadrules: Command) -> None:
    written("policy.yaml", ENGAGED)
    written("leads.csv", "id\n17\n")
    written("events.csv", EVENTS)
    score = ("score", "policy.yaml", "--leads", "leads.csv", "--events", "events.csv")
    rejected = ("--events-rejects", "rejects.csv")
    code, out, err = leadrules(*score, *rejected, "--at", "2026-01-05", "--format", "json")
    found = json.loads(out)
    assert code == 1
    assert (found["score"], found["engagement"], found["answer_need"]) == (5, 5, "met")
    assert err == (
        """\
note: events.csv: not read, since no property is called so: 'remark'
note: events.csv: 1 row passed over: no activity 'visit'
note: 1 event belongs to leads that are not in the file
1 row read: 1 accepted, 0 rejected
1 lead
7 rows read: 6 accepted, 1 rejected
4 events
repeated, and taken once: 1 row
        1 bad-date: the cell is not a date, or not a date and time
"""
    )
    assert "17,d,soon" in Path("rejects.csv").read_text(encoding="utf-8")


def test_events_without_a_kind_are_activities(leadrules: Command) -> None:
    written("policy.yaml", ENGAGED)
    written("leads.csv", "id\n17\n")
    written("events.jsonl", '{"lead_id": "17", "time": "2026-01-04T10:00", "type": "page_view"}\n')
    score = ("score", "policy.yaml", "--leads", "leads.csv", "--events", "events.jsonl")
    code, out, err = leadrules(*score, "--at", "2026-01-05", "--format", "json")
    assert (code, json.loads(out)["engagement"]) == (0, 0)
    assert "\n1 event\n" in err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ("--events", "leads.csv"),
            (
                "leads.csv: there is no column 'lead_id', 'time', 'type'; without a mapping a "
                "table of events has 'lead_id', 'time', 'type', one column for each property, "
                "and maybe 'id' and 'kind'"
            ),
        ),
        (
            ("--events", "events.csv", "--events-mapping", "leads.yaml"),
            "leads.yaml: the mapping has no events; expected 'events'",
        ),
        (("--events", "no.csv"), "no.csv: no such file or directory"),
        (
            ("--events", "events.csv", "--events-rejects", "events.csv"),
            ("--events-rejects: 'events.csv' is read or written already; expected another file"),
        ),
    ],
)
def test_events_that_cannot_be_read(
    leadrules: Command, args: tuple[str, ...], message: str
) -> None:
    written("policy.yaml", ENGAGED)
    written("leads.csv", "id\n17\n")
    written("events.csv", EVENTS)
    written("leads.yaml", "leadrules_mapping: 1\nleads: {id: lead_id}\n")
    found = leadrules("score", "policy.yaml", "--leads", "leads.csv", *args)
    assert found == Run(2, "", f"error: {message}\n")


@pytest.mark.parametrize(("name", "form"), [("x.csv", "csv"), ("x.JSONL", "json")])
def test_the_name_of_the_output_tells_the_format(
    leadrules: Command, sample: tuple[str, ...], name: str, form: str
) -> None:
    assert leadrules(*sample, "--output", name)[:2] == (1, "")
    assert Path(name).read_text(encoding="utf-8") == leadrules(*sample, "--format", form).out


def test_a_table_in_a_pipe_or_a_file_has_every_lead_the_best_first(
    leadrules: Command, sample: tuple[str, ...]
) -> None:
    out = leadrules(*sample).out
    found = re.findall(r"^ (\d{19}) +(\d+) ", out, flags=re.MULTILINE)
    ranked = sorted(sample_scores(), key=lambda score: (-score.score, -(score.fit or 0)))
    assert found == [(score.lead_id, str(score.score)) for score in ranked]
    leadrules(*sample, "--format", "table", "--output", "scores.txt")
    assert stripped(Path("scores.txt").read_text(encoding="utf-8")) == out


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("columns", "lines", "shown"), [(80, 24, 3), (120, 40, 16), (50, 5, 1)])
def test_a_table_fits_the_terminal(  # noqa: PLR0917 - fixtures and a case
    columns: int,
    lines: int,
    shown: int,
    monkeypatch: pytest.MonkeyPatch,
    leadrules: Command,
    sample: tuple[str, ...],
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("LINES", str(lines))
    out = leadrules(*sample).out
    assert out.endswith(f"\nthe best {shown} of 193 leads; --format csv gives all\n")
    assert max(map(len, out.splitlines()[:-1])) <= columns
    if shown > 1:
        assert out.count("\n") < lines


def test_the_moment_is_read_in_the_zone_of_the_policy(leadrules: Command) -> None:
    written("policy.yaml", POLICY)
    written("leads.csv", "id,created\n17,2026-10-05 08:30\n")
    score = ("score", "policy.yaml", "--leads", "leads.csv", "--format", "json", "--at")
    for at, fresh in (
        ("2026-10-05T09:29", 1),
        ("2026-10-05T09:29+02:00", 1),
        ("2026-10-05T07:29Z", 1),
        ("2026-10-05T09:29Z", 0),
    ):
        assert json.loads(leadrules(*score, at).out)["score"] == fresh


def test_the_moment_is_now_if_none_is_given(leadrules: Command) -> None:
    written("policy.yaml", POLICY)
    written("leads.csv", "id,company.employees\n17,120\n")
    out = leadrules("score", "policy.yaml", "--leads", "leads.csv", "--format", "json").out
    found = json.loads(out)
    assert found["score"] == 20
    assert datetime.fromisoformat(found["at"]) > datetime(2026, 1, 1, tzinfo=UTC)


def test_a_moment_that_is_none(leadrules: Command) -> None:
    code, out, err = leadrules("check", "policy.yaml", "--at", "yesterday")
    assert (code, out) == (2, "")
    assert (
        "Invalid value for '--at': 'yesterday' is not a moment of ISO 8601, such as "
        "2026-10-05T09:00+02:00" in unboxed(err)
    )


def test_rejected_rows_are_written(leadrules: Command, sample: tuple[str, ...]) -> None:
    code, _, err = leadrules(*sample, "--format", "csv", "--rejects", "rejects.csv")
    assert code == 1
    assert err == (
        """\
200 rows read: 194 accepted, 6 rejected
193 leads
repeated, and taken once: 1 row
        2 missing-id: the cell that says the id is missing
        1 bad-number: the cell is not a number, or one that cannot be kept exactly
        1 conflicting-id: another row says other things under the same id
        1 bad-date: the cell is not a date, or not a date and time
        1 too-few-cells: the row has fewer cells than the header
1487 rows read: 1484 accepted, 3 rejected
1483 events
repeated, and taken once: 1 row
        1 bad-date: the cell is not a date, or not a date and time
        1 missing-lead: the cell that says the event's lead is missing
        1 unlisted-value: the text is not among `values`, and `otherwise` is `reject`
--events-rejects FILE writes the rejected rows
"""
    )
    with Path("rejects.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["line"] for row in rows] == ["13", "40", "66", "117", "144", "173"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--leads", "no.csv"), "no.csv: no such file or directory"),
        (
            ("--leads", "leads.csv", "--mapping", "no.yaml"),
            "no.yaml: no such file or directory",
        ),
        (
            ("--leads", "leads.csv", "--mapping", "mapping.yaml"),
            "leads.csv: no column 'Id'; did you mean 'id'?",
        ),
        (
            ("--leads", "leads.csv", "--mapping", "events.yaml"),
            "events.yaml: the mapping has no leads; expected 'leads'",
        ),
        (
            ("--leads", "leads.csv", "--mapping", "bad.yaml"),
            (
                "1 problem in bad.yaml\n"
                "  bad.yaml:2:17: leads.titel: no such field; did you mean 'title'? [unknown-name]"
            ),
        ),
        (
            ("--leads", "leads.csv", "-o", "x.xlsx"),
            (
                "x.xlsx: no format for '.xlsx'; expected .csv, .json, .jsonl, .ndjson, .parquet, "
                "or --format"
            ),
        ),
        (
            ("--leads", "leads.csv", "--format", "parquet"),
            "parquet is no text for a terminal; expected --output FILE",
        ),
    ],
)
def test_what_cannot_be_scored(leadrules: Command, args: tuple[str, ...], message: str) -> None:
    written("policy.yaml", POLICY)
    written("leads.csv", "id\n17\n")
    written("mapping.yaml", "leadrules_mapping: 1\nleads: {id: Id}\n")
    written("bad.yaml", "leadrules_mapping: 1\nleads: {id: Id, titel: x}\n")
    written(
        "events.yaml",
        "leadrules_mapping: 1\nzone: UTC\n"
        "events: [{kind: retraction, lead_id: L, time: T, properties: {of: O}}]\n",
    )
    assert leadrules("score", "policy.yaml", *args) == Run(2, "", f"error: {message}\n")


def test_a_policy_that_scores_nothing(leadrules: Command) -> None:
    written("policy.yaml", POLICY.partition("scoring")[0])
    written("leads.csv", "id\n17\n")
    message = "error: policy 'acme' has no section 'scoring'\n"
    assert leadrules("score", "policy.yaml", "--leads", "leads.csv") == Run(2, "", message)


def test_points_that_have_no_value_yet(leadrules: Command) -> None:
    parameter = "parameters: {some: {2026-05-01: 5}}\nscoring:"
    text = POLICY.replace("scoring:", parameter).replace("points: 20", "points: {param: some}")
    written("policy.yaml", text)
    written("leads.csv", "id,company.employees,title,created\n17,120,,\n")
    score = ("score", "policy.yaml", "--leads", "leads.csv", "--at")
    code, out, err = leadrules(*score, "2026-04-30T23:59")
    assert (code, out) == (2, "")
    assert err == "error: at: parameter 'some' has no value yet at that moment\n"
    assert leadrules(*score, "2026-05-01T00:00").code == 0


def test_a_format_that_there_is_not(leadrules: Command) -> None:
    code, out, err = leadrules("score", "p.yaml", "--leads", "x.csv", "--format", "xls")
    assert (code, out) == (2, "")
    assert "'xls' is not one of 'table', 'csv', 'json', 'parquet'." in unboxed(err)


def test_the_leads_are_a_must(leadrules: Command) -> None:
    code, out, err = leadrules("score", "policy.yaml")
    assert (code, out) == (2, "")
    assert "Missing option '--leads'." in unboxed(err)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ("leads.csv", "-o", "scores.parquet"),
            "parquet needs the package 'pyarrow'; install leadrules[frames]",
        ),
        (
            ("leads.parquet",),
            "a Parquet file needs the package 'pyarrow'; install leadrules[frames]",
        ),
    ],
)
def test_parquet_needs_an_extra(
    leadrules: Command, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], message: str
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "leadrules.intake.frames", raising=False)
    monkeypatch.delattr("leadrules.intake.frames", raising=False)
    written("policy.yaml", POLICY)
    written("leads.csv", "id\n17\n")
    written("leads.parquet", "")
    assert leadrules("score", "policy.yaml", "--leads", *args) == Run(2, "", f"error: {message}\n")


@pytest.fixture
def long_file() -> Path:
    rows = "".join(f"{number},{'x' * 5_000}\n" for number in range(500))
    return written("leads.csv", f"id,note\n{rows}")


@pytest.mark.usefixtures("terminal")
def test_a_long_file_shows_its_progress_on_a_terminal(leadrules: Command, long_file: Path) -> None:
    written("policy.yaml", POLICY)
    code, _, err = leadrules("score", "policy.yaml", "--leads", long_file, "--format", "csv")
    assert code == 0
    assert "reading leads.csv" in err
    assert "100%" in err
    assert "500 rows read: 500 accepted, 0 rejected\n" in err


def test_a_long_file_shows_none_in_a_pipe(leadrules: Command, long_file: Path) -> None:
    written("policy.yaml", POLICY)
    err = leadrules("score", "policy.yaml", "--leads", long_file, "--format", "csv").err
    assert "reading" not in err


@pytest.mark.parametrize(
    ("written_to", "message"),
    [
        (("-o", "trial/leads.csv"), "--output: 'trial/leads.csv'"),
        (("-o", "trial/policy.yaml", "--format", "csv"), "--output: 'trial/policy.yaml'"),
        (("-o", "x.csv", "--rejects", "./x.csv"), "--rejects: 'x.csv'"),
    ],
)
def test_nothing_is_written_over_what_is_read_or_written(
    leadrules: Command, sample: tuple[str, ...], written_to: tuple[str, ...], message: str
) -> None:
    before = Path("trial/leads.csv").read_bytes()
    code, out, err = leadrules(*sample, *written_to)
    assert (code, out) == (2, "")
    assert err == f"error: {message} is read or written already; expected another file\n"
    assert Path("trial/leads.csv").read_bytes() == before


def test_several_files_of_events_are_one_export(leadrules: Command) -> None:
    written("policy.yaml", ENGAGED)
    written("leads.csv", "id\n17\n")
    head = "lead_id,id,time,type,path\n"
    written("one.csv", f"{head}17,a,2026-01-04T10:00,page_view,/pricing\n17,b,soon,page_view,/\n")
    written(
        "two.csv",
        f"{head}17,a,2026-01-04T10:00,page_view,/pricing\n"
        "17,a,2026-01-04T11:00,page_view,/pricing\n17,c,2026-01-03T11:00,page_view,/pricing\n",
    )
    score = ("score", "policy.yaml", "--leads", "leads.csv", "--at", "2026-01-05")
    files = ("--events", "one.csv", "--events", "two.csv", "--events-rejects", "rejects.csv")
    code, out, err = leadrules(*score, *files, "--format", "json")
    assert (code, json.loads(out)["engagement"]) == (1, 10)
    assert "repeated, and taken once: 1 row\n" in err
    with Path("rejects.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["file"], row["line"], row["code"]) for row in csv.DictReader(file)]
    assert rows == [("one.csv", "3", "bad-date"), ("two.csv", "3", "conflicting-id")]
    assert "id: an earlier file says other things of event 'a' of lead '17'" in Path(
        "rejects.csv"
    ).read_text(encoding="utf-8")
