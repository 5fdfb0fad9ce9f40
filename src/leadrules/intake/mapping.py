"""The mapping document: which columns of an export are which fields of leads, events and rows.

The models hold what was written; `load_mapping` checks it against a vocabulary.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

from leadrules.intake.cells import spells_currency
from leadrules.sections import Section
from leadrules.values import Type

__all__ = ["Column", "Entry", "EventEntry", "IntakeMapping", "Only", "RowEntry", "Source"]

SOME_MOMENT = datetime(2024, 11, 22, 13, 14, 15, tzinfo=UTC)
YEARS = ("%Y", "%y", "%G", "%c", "%x")


def _problem(code: str, message: str) -> PydanticCustomError:
    return PydanticCustomError(code.replace("-", "_"), "{message}", {"message": message})


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        message = f"no time zone '{name}'; expected an IANA name such as 'Europe/Berlin'"
        raise _problem("unknown-zone", message) from None
    return name


def _date_format(form: str) -> str:
    if "%Z" in form:
        message = f"'{form}': the name of a zone is ambiguous; expected an offset, '%z'"
        raise _problem("bad-format", message)
    try:
        if not any(year in form for year in YEARS):
            raise ValueError  # noqa: TRY301 - Python reads it as 1900, and warns
        found = datetime.strptime(SOME_MOMENT.strftime(form), form)  # noqa: DTZ007
    except ValueError:
        found = datetime.min  # noqa: DTZ901
    if found.date() != SOME_MOMENT.date():
        message = f"'{form}' does not say a whole date; expected a format such as '%d.%m.%Y'"
        raise _problem("bad-format", message)
    return form


def _character(mark: str) -> str:
    if len(mark) != 1 or mark in "\r\n\0":
        raise _problem("bad-character", f"'{mark}' is not one character")
    return mark


def _encoding(name: str) -> str:
    try:
        found = codecs.lookup(name)
        "a\n".encode(name)
    except (LookupError, ValueError):
        message = f"no encoding '{name}'; expected one such as 'utf-8' or 'cp1252'"
        raise _problem("unknown-encoding", message) from None
    return found.name


def _currency(currency: str) -> str:
    if not spells_currency(currency):
        message = f"no currency '{currency}'; expected an ISO 4217 code such as 'EUR'"
        raise _problem("unknown-currency", message)
    return currency


def _some(entries: tuple[Any, ...]) -> tuple[Any, ...]:
    if not entries:
        raise _problem("empty-list", "is empty; expected at least one")
    return entries


def _some_entries(entries: Mapping[str, Any]) -> Mapping[str, Any]:
    if not entries:
        raise _problem("missing-key", "has no entry; expected at least one")
    return entries


def _as_column(value: object) -> object:
    """Return what the name of a column alone stands for."""
    if isinstance(value, str):
        return {"column": value}
    if isinstance(value, Mapping | BaseModel):
        return value
    shown = "a list" if isinstance(value, list | tuple) else f"'{value}'"
    message = f"{shown} is not a column; expected its name, in quotes if it is no text"
    raise _problem("wrong-type", message)


def _currency_form(value: object) -> str:
    return "<column>" if isinstance(value, Mapping | BaseModel) else "<code>"


Name = Annotated[str, Field(min_length=1)]
Texts = tuple[str, ...]
Decimals = Literal[".", ","]
Formats = tuple[Annotated[str, AfterValidator(_date_format)], ...]
Zone = Annotated[str, AfterValidator(_zone)]
Code = Annotated[str, AfterValidator(_currency)]
Character = Annotated[str, AfterValidator(_character)]
Written = StrictBool | StrictInt | StrictFloat | str


class Source(Section):
    """How the file of an export is written.

    Attributes:
        format: By default as the file's name ends.
        delimiter: Between the cells of CSV; by default a comma, or a tab for `.tsv`.
        quote: Around cells of CSV that hold delimiters or line breaks; None if nothing is.
        encoding: Of CSV and JSON lines, such as `cp1252`.
        lines_per_record: How many lines a record of CSV may span. A quote that is not closed
            within so many lines is stray: its line is rejected, and no other.
    """

    format: Literal["csv", "jsonl", "parquet"] | None = None
    delimiter: Character | None = None
    quote: Character | None = '"'
    encoding: Annotated[str, AfterValidator(_encoding)] = "utf-8"
    lines_per_record: Annotated[StrictInt, Field(ge=1)] = 100

    @model_validator(mode="after")
    def _different_marks(self) -> Self:
        if self.quote == (self.delimiter or ","):
            message = f"the quote '{self.quote}' is the delimiter; expected another character"
            raise _problem("bad-character", message)
        return self


class Column(Section):
    """A column, by its name."""

    column: Name


class Entry(Section):
    """Where one field comes from. The name of a column alone is an entry too."""

    _of_constants: ClassVar[frozenset[str]] = frozenset({"column", "constant"})

    column: Name | None = None
    """The column that says it. Either this or `constant`."""
    constant: Written | None = None
    """The value of every row."""
    missing: Texts = ()
    """What else means missing here, beside that of the whole mapping."""
    trim: StrictBool | None = None
    """Whether white space around the text is dropped."""
    decimal: Decimals | None = None
    """The decimal mark; the other of `.` and `,` groups thousands."""
    dates: Formats | None = None
    """Formats as in `strptime`, tried in order; none is ISO 8601."""
    zone: Zone | None = None
    """The zone of times that state none."""
    values: Mapping[str, Written] | None = None
    """What a text of the column means, exactly as written."""
    otherwise: Literal["keep", "missing", "reject"] | None = None
    """What becomes of a text that is not among `values`."""
    currency: (
        Annotated[
            Annotated[Code, Tag("<code>")] | Annotated[Column, Tag("<column>")],
            Discriminator(_currency_form),
        ]
        | None
    ) = None
    """That of an amount of money: a code, or the column that says it."""
    separator: Name | None = None
    """Between the texts of a list."""
    unit: Literal["seconds", "minutes", "hours", "days", "weeks"] | None = None
    """What a bare number of a duration counts."""

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.column is None) == (self.constant is None):
            message = "expected either a column or a constant"
            raise _problem("column-or-constant", message)
        options = sorted(self.model_fields_set - self._of_constants)
        if self.constant is not None and options:
            raise _problem("unused-option", f"'{options[0]}' does nothing for a constant")
        if self.otherwise is not None and not self.values:
            raise _problem("unused-option", "'otherwise' does nothing without 'values'")
        return self


class RowEntry(Entry):
    """Where one value of a row comes from, and of which type it is."""

    _of_constants: ClassVar[frozenset[str]] = frozenset({"column", "constant", "type", "choices"})

    type: Type = Type.STRING
    """What the values are."""
    choices: Annotated[tuple[Name, ...], AfterValidator(_some)] | None = None
    """The texts that an `enum` may be; it needs them."""
    required: StrictBool = False
    """Whether a row in which the value is missing is rejected."""

    @model_validator(mode="after")
    def _choices_of_an_enum(self) -> Self:
        if self.type is Type.ENUM and not self.choices:
            raise _problem("missing-key", "an enum needs its choices: [...]")
        return self


class Only(Section):
    """Which rows say an event: those whose column is known, or has some of the texts.

    Attributes:
        column: The column that decides.
        allowed: Written `in`: the text is one of these.
        refused: Written `not_in`: the text is none of these; a missing one is none.
    """

    model_config = ConfigDict(populate_by_name=True)

    column: Name
    allowed: Texts | None = Field(default=None, alias="in")
    refused: Texts | None = Field(default=None, alias="not_in")


Origin = Annotated[Entry, BeforeValidator(_as_column)]
RowOrigin = Annotated[RowEntry, BeforeValidator(_as_column)]


class EventEntry(Section):
    """An event that a row says.

    Attributes:
        kind: A kind of event, such as `touch`.
        type: The declared type of an activity.
        id: What tells the event from others of its lead. Without it, an id is made from what
            the row says and its ordinal among the rows that say the same.
        lead_id: The lead it happened to.
        contact_id: The person it happened to, in place of the lead.
        time: When it happened.
        only: Which rows say it; all, if not given.
        properties: What it says, by name.
    """

    kind: str
    type: str | None = None
    id: Origin | None = None
    lead_id: Origin | None = None
    contact_id: Origin | None = None
    time: Origin
    only: Annotated[Only, BeforeValidator(_as_column)] | None = None
    properties: Mapping[str, Origin] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_owner(self) -> Self:
        if (self.lead_id is None) == (self.contact_id is None):
            raise _problem("lead-or-contact", "expected either a lead_id or a contact_id")
        return self


class IntakeMapping(Section):
    """The whole document.

    Attributes:
        leadrules_mapping: The version of the language of mappings.
        source: How the file is written.
        missing: Texts that mean missing, compared after trimming; the empty text always does.
        trim: Whether white space around texts is dropped.
        decimal: The decimal mark; the other of `.` and `,` groups thousands.
        dates: Formats as in `strptime`, tried in order; none is ISO 8601.
        zone: The IANA zone of times that state none. A time that daylight saving skips is
            shifted forward, one that it repeats is the first of the two.
        leads: The fields of a lead, by the names that conditions use.
        events: The events that a row says.
        rows: What a row of a table says that is neither a lead nor an event, such as the
            spending of a campaign on a day, by names of your own.
    """

    leadrules_mapping: Literal[1]
    source: Source = Source.model_construct()
    missing: Texts = ()
    trim: StrictBool = True
    decimal: Decimals = "."
    dates: Formats = ()
    zone: Zone | None = None
    leads: Mapping[str, Origin] | None = None
    events: Annotated[tuple[EventEntry, ...], AfterValidator(_some)] | None = None
    rows: Annotated[Mapping[str, RowOrigin], AfterValidator(_some_entries)] | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.leads is None and self.events is None and self.rows is None:
            raise _problem("missing-key", "expected leads, events or rows, or several of them")
        return self
