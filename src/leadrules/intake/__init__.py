"""From a CRM's export to typed leads, events and rows, by a mapping document.

A *mapping* says which columns are which fields. `load_mapping` compiles it to a `Mapper`, which
reads one record or a whole export. Nothing is lost: what is not accepted is a `Reject`.

Examples:
    >>> mapper = load_mapping('''
    ... leadrules_mapping: 1
    ... missing: [Select]
    ... decimal: ","
    ... zone: Europe/Berlin
    ... leads:
    ...   id: Id
    ...   created: {column: Created, dates: ["%d.%m.%Y %H:%M"]}
    ...   city: City
    ...   budget: {column: Amount, currency: EUR}
    ... ''')
    >>> intake = mapper.read([
    ...     {"Id": "17", "Created": "21.06.2024 15:30", "City": "Select", "Amount": "€ 3.500,00"},
    ...     {"Id": "18", "Created": "yesterday"},
    ... ])
    >>> intake.leads[0].budget
    Money('3500 EUR')
    >>> print(intake.summary())
    2 rows read: 1 accepted, 1 rejected
    1 lead
            1 bad-date: the cell is not a date, or not a date and time
    >>> intake.rejects[0].reason
    "created: 'yesterday' is not a date and time written '%d.%m.%Y %H:%M'"
"""

from leadrules.intake.loading import load_mapping
from leadrules.intake.mapper import Mapper, Progress
from leadrules.intake.mapping import (
    Column,
    Entry,
    EventEntry,
    IntakeMapping,
    Only,
    RowEntry,
    Source,
)
from leadrules.intake.outcome import REJECTIONS, Attached, Intake, Reject

__all__ = [
    "REJECTIONS",
    "Attached",
    "Column",
    "Entry",
    "EventEntry",
    "Intake",
    "IntakeMapping",
    "Mapper",
    "Only",
    "Progress",
    "Reject",
    "RowEntry",
    "Source",
    "load_mapping",
]
