"""The sample: made up, the same every time, and as untidy as exports of a CRM are.

`python -m leadrules.presets.generate FOLDER` writes it there: the leads, what they did, and what
was done about them.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from random import Random
from typing import TypeVar

__all__ = ["generated_events", "generated_leads"]

GOOD = 193
LAST = datetime(2026, 10, 4, 18, 45)  # noqa: DTZ001 - exports state no zone
OLDEST_DAYS = 290
FIRST_ID = 4100000000000200017

HEADER = (
    "Lead Id",
    "Created",
    "Name",
    "Email",
    "Job Title",
    "Level",
    "Company",
    "Industry",
    "Employees",
    "City",
    "Country",
    "Lead Source",
    "Budget",
    "Interest",
    "Months to decision",
    "Sites",
    "May call",
    "Account Owner",
)

# Stems of names that no company has, and under `.example` no company can have.
STEMS = {
    "Quarzhain": "quarzhain",
    "Nebelgrün": "nebelgruen",
    "Ulmenfähre": "ulmenfaehre",
    "Brückwart": "brueckwart",
    "Föhrensilber": "foehrensilber",
    "Kranichsund": "kranichsund",
    "Mühlstern": "muehlstern",
    "Reiherforst": "reiherforst",
    "Tannschwelle": "tannschwelle",
    "Wolkenstieg": "wolkenstieg",
}
TRADES = {
    "Guss": ("Manufacturing", "manufacturing", "MANUFACTURING"),
    "Antriebe": ("Manufacturing", "Manufacturing", "Select"),
    "Fracht": ("Logistics", "logistics", "Logistics"),
    "Klinik": ("Healthcare", "Healthcare", "-"),
    "Handel": ("Retail", "retail", "Select"),
    "Beratung": ("Consulting", "IT consulting", "consulting"),
}
CUSTOMERS = {
    "Mühlstern Guss": "Ines Falk",
    "Reiherforst Klinik": "Ines Falk",
    "Tannschwelle Fracht": "Tom Brandt",
    "Wolkenstieg Antriebe": "Tom Brandt",
}
FIRST_NAMES = ("Anna", "Björn", "Chloé", "David", "Elif", "Jörg", "Käthe", "Luca", "Mira", "Zoë")
LAST_NAMES = ("Adler", "Böhm", "Çelik", "Dörfler", "Eßer", "Gärtner", "Jansen", "Novák", "Thür")
PLACES = (
    ("München", "DE"),
    ("Köln", "DE"),
    ("Leipzig", "de"),
    ("Nürnberg", "Germany"),
    ("Graz", "AT"),
    ("Zürich", "CH"),
    ("Select", "Select"),
)
LEVELS = (
    ("C-Level", ("CEO", "Managing director", "COO")),
    ("Director", ("Director of Operations", "PLANT DIRECTOR", "HR director")),
    ("Manager", ("Plant manager", "operations manager", "Head of shift planning")),
    ("Staff", ("Dispatcher", "HR officer", "Student", "Trainee", "n/a")),
    ("Select", ("Operations", "Plant engineer", "-", "")),
)
SOURCES = (
    "Demo request",
    "Contact form",
    "Call",
    "Trade show",
    "Webinar",
    "White paper",
    "White paper",
    "Select",
)
INTERESTS = ("Shift planning", "Shift planning", "Time tracking", "Payroll", "Select")
PLAIN = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ç": "c", "é": "e", "ë": "e", "á": "a"}
)

Item = TypeVar("Item")


def generated_leads() -> str:
    """Return the sample as CSV with semicolons: a header and 200 rows, 6 of them faulty."""
    # `Random.random` is the one method whose numbers Python keeps the same for good.
    chance = Random(2026)  # noqa: S311 - a sample is no secret
    rows = [_row(chance, number) for number in range(GOOD)]
    for place, row in sorted(_strays(rows).items()):
        rows.insert(place, row)
    text = StringIO()
    csv.writer(text, delimiter=";", lineterminator="\n").writerows([HEADER, *rows])
    return text.getvalue()


EVENT_HEADER = ("Event", "Lead Id", "When", "What", "Detail", "Answer", "By")
PAGES = ("/", "/pricing", "/pricing/enterprise", "/customers", "/blog/shift-swaps", "/imprint")
TOPICS = ("Shift swaps without paper", "Planning across sites")
PAPERS = ("Time tracking and the law", "Shift planning in hospitals")
QUESTIONS = ("Budget", "Authority", "Need", "Need", "Need", "Timing")
CALLERS = ("Jonas Rieger", "Nele Vogt")


def generated_events() -> str:
    """Return what the sample leads did, and how they were worked, as CSV; three rows are faulty."""
    chance = Random(7)  # noqa: S311 - a sample is no secret
    rows: list[list[str]] = []
    for number in range(GOOD):
        for _ in range(int(14 * chance.random() ** 3)):
            rows.append(_event(chance, number, len(rows)))
    rows.append(["e-retracted", rows[4][1], "04.10.2026 08:00", "Retraction", rows[4][0], "", ""])
    rows += _worked()
    rows.insert(23, list(rows[11]))
    rows.insert(40, _faulty(rows[40], {"When": "yesterday"}))
    rows.insert(71, _faulty(rows[71], {"Lead Id": "-"}))
    rows.insert(96, _faulty(rows[96], {"What": "Answer", "Detail": "Need", "Answer": "perhaps"}))
    text = StringIO()
    csv.writer(text, delimiter=";", lineterminator="\n").writerows([EVENT_HEADER, *rows])
    return text.getvalue()


SELLERS = ("Ines Falk", "Tom Brandt")
ON = (("MQL", 0.45), ("SAL", 0.8), ("SQL", 0.5), ("Proposal", 0.6))
"""The stages after the inquiry, each with the share of leads that get there if time allows."""
BACK = ("timing", "budget", "no_answer")
LOST = ("competitor", "competitor", "price", "no_decision", "no_answer")
NO_LEAD = ("not_a_lead", "invalid_contact", "duplicate")


Work = tuple[datetime, str, str, str, str]
"""What was done about a lead: when, what, the details, and by whom."""


def _worked() -> list[list[str]]:
    """Return how the sample leads were worked: stages, owners, calls and messages."""
    chance = Random(11)  # noqa: S311 - a sample is no secret
    leads = _leads()
    works = [[*_work_of(chance, lead)] for lead in leads]
    ends = Random(16)  # noqa: S311 - as above
    rows: list[list[str]] = []
    for mark, told in (("w", works), ("x", [[*_end_of(ends, work)] for work in works])):
        for number, (lead, work) in enumerate(zip(leads, told, strict=True)):
            for when, what, detail, answer, by in work:
                if when <= LAST:
                    shown = when.strftime("%d.%m.%Y %H:%M")
                    key = f"{mark}-{number}-{len(rows)}"
                    rows.append([key, lead[0], shown, what, detail, answer, by])
    return rows


def _work_of(chance: Random, lead: Sequence[str]) -> Iterator[Work]:
    """Yield what was done about a lead, in order."""
    if lead[HEADER.index("Lead Source")] == "Select":
        return  # nobody knows what the lead wants, so it is still a suspect
    now = _read(lead[HEADER.index("Created")]) + timedelta(minutes=1)
    yield now, "Stage", "Inquiry", "", "policy"
    if chance.random() < 0.1:  # noqa: PLR2004 - a share, as are those below
        return
    by = _pick(chance, CALLERS)
    now = _later(chance, now, 0.3)
    yield now, "Owner", by, "", "policy"
    for _ in range(int(4 * chance.random())):
        now = _later(chance, now, 2)
        yield now, "Call", "", _pick(chance, ("No answer", "No answer", "Connected")), by
    for stage, share in ON:
        if chance.random() > share:
            break
        now = _later(chance, now, 3)
        if stage == "SAL":
            by = _pick(chance, SELLERS)
            yield now, "Owner", by, "", "policy"
        yield now + timedelta(minutes=1), "Stage", stage, "", by
        for _ in range(int(3 * chance.random())):
            now = _later(chance, now, 2)
            yield now, "Call", "", _pick(chance, ("No answer", "Connected")), by
    else:
        now = _later(chance, now, 5)
        yield now, "Done", "Written proposal", "", by
    if chance.random() < 0.15:  # noqa: PLR2004
        now = _later(chance, now, 8)
        yield now, "Stage", "Recycled", _pick(chance, BACK), by
        yield _later(chance, now, 14), "Auto email", "momentum.case_study", "", ""


def _end_of(chance: Random, work: Sequence[Work]) -> Iterator[Work]:
    """Yield how it ended with a lead, of those that came to an opportunity, or were none."""
    stages = [detail for _, what, detail, _, _ in work if what == "Stage"]
    if len(work) < 2 or stages[-1] not in {"Inquiry", "SAL", "SQL", "Proposal"}:  # noqa: PLR2004 - nobody owns it
        return
    last, by = stages[-1], [detail for _, what, detail, _, _ in work if what == "Owner"][-1]
    lot, now = chance.random(), _later(chance, work[-1][0], 30)
    if last == "Proposal" and lot < 0.55:  # noqa: PLR2004 - a share, as are those below
        yield now, "Stage", "Agreement", "", by
        yield _later(chance, now, 14), "Stage", "Won", "", by
    elif last in {"SQL", "Proposal"} and lot < 0.8:  # noqa: PLR2004
        yield now, "Stage", "Lost", _pick(chance, LOST), by
    elif last in {"Inquiry", "SAL"} and lot < 0.1:  # noqa: PLR2004
        yield now, "Stage", "Disqualified", _pick(chance, NO_LEAD), by


def _leads() -> list[list[str]]:
    """Return the rows of the leads that are not faulty, in the order of their ids."""
    rows = {row[0]: row for row in csv.reader(StringIO(generated_leads()), delimiter=";")}
    return [rows[str(FIRST_ID + 1_003 * number)] for number in range(GOOD)]


def _read(text: str) -> datetime:
    form = "%Y-%m-%d" if "-" in text else "%d.%m.%Y %H:%M"
    return datetime.strptime(text, form)  # noqa: DTZ007 - exports state no zone


def _later(chance: Random, moment: datetime, days: float) -> datetime:
    """Return a moment of office hours, at most so many days later and those of a weekend."""
    found = moment + timedelta(minutes=int(days * 24 * 60 * chance.random()))
    found += timedelta(days=(0, 0, 0, 0, 0, 2, 1)[found.weekday()])
    at_work = found.replace(hour=9 + int(6 * chance.random()), minute=int(60 * chance.random()))
    return max(at_work, moment + timedelta(minutes=5))


def _event(chance: Random, number: int, count: int) -> list[str]:
    ago = timedelta(minutes=int(200 * 24 * 60 * chance.random() ** 2))
    row = [f"e-{count}", str(FIRST_ID + 1_003 * number), (LAST - ago).strftime("%d.%m.%Y %H:%M")]
    kind = chance.random()
    if kind < 0.62:  # noqa: PLR2004 - a share, as are those below
        return [*row, "Page view", _pick(chance, PAGES), "", ""]
    if kind < 0.72:  # noqa: PLR2004
        return [*row, "Webinar", _pick(chance, TOPICS), "", ""]
    if kind < 0.82:  # noqa: PLR2004
        return [*row, "Download", _pick(chance, PAPERS), "", ""]
    if kind < 0.85:  # noqa: PLR2004
        return [*row, "Unsubscribed", "-", "", ""]
    answer = _pick(chance, ("yes", "yes", "no", "open"))
    return [*row, "Answer", _pick(chance, QUESTIONS), answer, _pick(chance, CALLERS)]


def _faulty(row: Sequence[str], cells: Mapping[str, str]) -> list[str]:
    return [
        cells.get(column, f"{cell}x" if column == "Event" else cell)
        for column, cell in zip(EVENT_HEADER, row, strict=True)
    ]


def _pick(chance: Random, items: Sequence[Item]) -> Item:
    return items[int(chance.random() * len(items))]


def _row(chance: Random, number: int) -> list[str]:
    level, titles = _pick(chance, LEVELS)
    stem, trade = _pick(chance, tuple(STEMS)), _pick(chance, tuple(TRADES))
    first, last = _pick(chance, FIRST_NAMES), _pick(chance, LAST_NAMES)
    city, country = _pick(chance, PLACES)
    plant = f'; "Werk {1 + number % 3}"' if chance.random() < 0.03 else ""  # noqa: PLR2004 - a share
    return [
        str(FIRST_ID + 1_003 * number),
        _created(chance),
        f"{first} {last}",
        _email(chance, first, last, STEMS[stem], number),
        _pick(chance, titles),
        level,
        f"{stem} {trade}{plant}",
        _pick(chance, TRADES[trade]),
        _employees(chance),
        city,
        country,
        _pick(chance, SOURCES),
        _budget(chance),
        _pick(chance, INTERESTS),
        _pick(chance, ("1", "3", "6", "12", "24", "Select", "")),
        _pick(chance, ("1", "1", "2", "4", "8", "", "n/a")),
        _pick(chance, ("Yes", "Yes", "Yes", "yes", "No", "Select", "")),
        CUSTOMERS.get(f"{stem} {trade}", "Select"),
    ]


def _created(chance: Random) -> str:
    """Return when, mostly of late, in one of the two spellings."""
    ago = timedelta(minutes=int(OLDEST_DAYS * 24 * 60 * chance.random() ** 2))
    form = "%Y-%m-%d" if chance.random() < 0.3 else "%d.%m.%Y %H:%M"  # noqa: PLR2004 - a share
    return (LAST - ago).strftime(form)


def _email(chance: Random, first: str, last: str, domain: str, number: int) -> str:
    """Return an address that nobody has: the free providers admit no hyphen."""
    name = f"{first}-{last}".lower().translate(PLAIN)
    host = _pick(chance, (f"{domain}.example",) * 6 + ("gmail.com", "Yahoo.com"))
    address = f"{name}-{number}@{host}"
    return address.upper() if chance.random() < 0.1 else address  # noqa: PLR2004 - a share


def _employees(chance: Random) -> str:
    """Return a number from 5 to some 5000, the thousands set off, or none."""
    count = int(5 * 10 ** (3 * chance.random()))
    known = chance.random() < 0.85  # noqa: PLR2004 - a share
    return f"{count:,}".replace(",", ".") if known else _pick(chance, ("", "Select", "-"))


def _budget(chance: Random) -> str:
    """Return an amount in one of several spellings, or none."""
    euros = 500 * int(4 + 200 * chance.random() ** 2)
    grouped = f"{euros:,}".replace(",", ".")
    return _pick(chance, (grouped, f"{grouped},00", f"€ {grouped},00", str(euros), "Select", ""))


def _strays(rows: Sequence[list[str]]) -> dict[int, list[str]]:
    """Return what is wrong with the export, by place: one row said twice, and six faults."""
    return {
        11: _changed(rows[11], {"Lead Id": ""}),
        38: _changed(rows[38], {"Lead Id": "-"}),
        64: _changed(rows[64], {"Lead Id": str(FIRST_ID + 1), "Employees": "ca. 200"}),
        90: list(rows[80]),
        115: _changed(rows[100], {"Budget": "99.000"}),
        142: _changed(rows[142], {"Lead Id": str(FIRST_ID + 2), "Created": "31.02.2026 10:15"}),
        171: rows[171][:9],
    }


def _changed(row: Sequence[str], cells: Mapping[str, str]) -> list[str]:
    return [cells.get(column, cell) for column, cell in zip(HEADER, row, strict=True)]


if __name__ == "__main__":
    for name, made in (("demo_leads.csv", generated_leads), ("demo_events.csv", generated_events)):
        Path(sys.argv[1], name).write_text(made(), encoding="utf-8", newline="\n")
