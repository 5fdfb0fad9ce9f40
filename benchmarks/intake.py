"""How fast an export becomes leads."""

from __future__ import annotations

import csv
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from benchmarks.policy import lead_of, make_leads, policy
from benchmarks.report import table
from benchmarks.timing import in_turns, subject
from leadrules import Mapper, load_mapping

__all__ = ["MAPPING", "run"]

MAPPING = """\
leadrules_mapping: 1
zone: UTC
leads:
  id: Id
  email: Email
  phone: Phone
  title: Title
  seniority: Seniority
  function: Function
  country: Country
  language: Language
  lead_type: Type
  source: Source
  campaign: Campaign
  created: {column: Created, dates: ["%Y-%m-%d %H:%M:%S"]}
  company.employees: Employees
  company.industry: Industry
  account.id: Account
  months: Months
  visits: Visits
"""

_COLUMNS = {
    "id": "Id",
    "email": "Email",
    "phone": "Phone",
    "title": "Title",
    "seniority": "Seniority",
    "function": "Function",
    "country": "Country",
    "language": "Language",
    "lead_type": "Type",
    "source": "Source",
    "campaign": "Campaign",
    "created": "Created",
    "company_employees": "Employees",
    "company_industry": "Industry",
    "account_id": "Account",
    "months": "Months",
    "visits": "Visits",
}


def run(*, quick: bool = False) -> None:
    sizes = (100, 200) if quick else (10_000, 40_000)
    mapper = load_mapping(MAPPING, vocabulary=policy().vocabulary)
    lines = [_reading(count, mapper) for count in sizes]
    rows = make_leads(100 if quick else 2_000).to_dicts()
    names = ("Lead(...)", "Policy.lead")
    values = [_values(row) for row in rows]
    timings = in_turns(
        {
            names[0]: subject(lambda: [lead_of(row) for row in rows]),
            names[1]: subject(lambda: [policy().lead(found) for found in values]),
        },
        1 if quick else 7,
    )
    for name in names:
        seconds = timings.median(name)
        lines.append([name, f"{seconds / len(rows) * 1e6:.0f}", f"{len(rows) / seconds:,.0f}", ""])
    table(
        "Intake: rows of 17 columns to leads that are checked",
        ["", "us a row", "rows/s", "times csv.DictReader"],
        lines,
    )


def _reading(count: int, mapper: Mapper) -> list[str]:
    exported = make_leads(count).select(
        pl.col("created").dt.to_string("%Y-%m-%d %H:%M:%S").alias("Created")
        if name == "created"
        else pl.col(name).alias(column)
        for name, column in _COLUMNS.items()
    )
    with TemporaryDirectory() as folder:
        path = Path(folder, "leads.csv")
        exported.write_csv(path)
        read = mapper.read(path)
        assert len(read.leads) == count, read.summary()
        names = ("mapper", "reader")
        works = (lambda: mapper.read(path), lambda: _dicts(path))
        timings = in_turns(
            {name: subject(work) for name, work in zip(names, works, strict=True)}, 2
        )
    seconds = timings.median("mapper")
    return [
        f"Mapper.read, {count:,} rows of CSV",
        f"{seconds / count * 1e6:.0f}",
        f"{count / seconds:,.0f}",
        str(timings.ratio("mapper", "reader")),
    ]


def _dicts(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _values(row: dict[str, object]) -> dict[str, object]:
    lead = lead_of(row)
    known = {name: getattr(lead, name) for name in ("id", "email", "phone", "title", "budget")}
    texts = ("seniority", "function", "country", "language", "lead_type", "source", "campaign")
    return {
        **known,
        **{name: row[name] for name in (*texts, "created", "consent", "months", "visits")},
        "company.employees": lead.company.employees,
        "company.industry": lead.company.industry,
        "company.revenue": lead.company.revenue,
        "account.id": lead.account.id,
    }
