"""The models of a policy document: what may stand in it, section by section."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, PrivateAttr
from pydantic_core import PydanticCustomError

from leadrules.calendars import Calendar, Delay
from leadrules.conditions.data import to_data
from leadrules.conditions.tree import AllOf, Always, AnyOf, AtLeast, Comparison, Not
from leadrules.errors import Issue, as_written
from leadrules.events import Event
from leadrules.lead import Lead
from leadrules.lifecycle.document import Lifecycle
from leadrules.metrics.document import Measures
from leadrules.metrics.periods import Days
from leadrules.policy.declarations import (
    Activity,
    DeclaredField,
    ParameterByDate,
    Row,
    Scalar,
    Table,
    dates_alone,
    parameter_of,
)
from leadrules.routing.document import Routing
from leadrules.routing.limits import Limit
from leadrules.routing.members import Absence
from leadrules.scoring.document import Scoring
from leadrules.sections import Day, Prose, Section, canonical, content_hash, parse_day
from leadrules.values import Cash, Value, moment_of, settle
from leadrules.vocabulary import Vocabulary
from leadrules.zones import ZoneName

__all__ = ["Agreement", "Header", "Policy", "Signature"]

Text = Annotated[str, Field(strict=True)]


class Header(Section):
    """What the policy is called, and since when it holds."""

    id: Annotated[str, Field(strict=True, min_length=1)]
    """A name that stays the same from version to version."""
    version: Annotated[int, Field(strict=True, ge=1)]
    """Counts up with every change."""
    effective: Day
    """The first day on which the policy holds."""
    zone: ZoneName = "UTC"
    """The IANA time zone of its dates, such as `Europe/Berlin`."""
    description: Prose = None
    """What it is for."""


class Signature(Section):
    """Who agreed, and when."""

    who: Text
    """The person or the role."""
    on: Day
    """The day."""


def _signature(value: Any) -> Any:
    """A signature may be written as one text that ends in the day."""
    if not isinstance(value, str):
        return value
    who, _, on = value.strip().rpartition(" ")
    try:
        return {"who": who.strip(), "on": parse_day(on if who else "")}
    except ValueError:
        message = (
            f"'{as_written(value)}' does not end in a day; expected 'Head of Sales 2026-01-31'"
        )
        raise PydanticCustomError("bad_date", "{message}", {"message": message}) from None


class Agreement(Section):
    """Who of sales and marketing agreed to the policy, and until when it is to be reviewed."""

    sales: Annotated[Signature, BeforeValidator(_signature, json_schema_input_type=Signature | str)]
    """Who agreed for sales, and when: `Head of Sales 2026-01-31`."""
    marketing: Annotated[
        Signature, BeforeValidator(_signature, json_schema_input_type=Signature | str)
    ]
    """Who agreed for marketing, and when."""
    review_by: Day | None = None
    """The last day on which the policy is to be looked at again."""


def _language(value: Any) -> Any:
    """The version is a whole number; `true` and `1.0` are equal to 1, and are none."""
    if type(value) is int:
        return value
    if isinstance(value, str) and value.strip().isdecimal():
        wrong, message = "wrong_type", f"'{as_written(value)}' is a text; write it without quotes"
    else:
        wrong, message = "wrong_value", f"'{as_written(value)}' is not possible; expected '1'"
    raise PydanticCustomError(wrong, "{message}", {"message": message})


class Policy(Section):
    """The whole document. `load_policy` reads and checks it.

    Examples:
        >>> from leadrules import load_policy
        >>> policy = load_policy('''
        ... leadrules: 1
        ... policy: {id: acme, version: 1, effective: 2026-01-01}
        ... scoring:
        ...   fit:
        ...     characteristics:
        ...       size: [{when: company.employees >= 50, points: 20}]
        ... ''')
        >>> policy
        Policy(id='acme', version=1)
    """

    leadrules: Annotated[Literal[1], BeforeValidator(_language)]
    """The version of the policy language; 1."""
    policy: Header
    """What the policy is called, and since when it holds."""
    agreed: Agreement | None = None
    """Who agreed, and until when it is to be reviewed."""
    fields: Mapping[str, DeclaredField] = Field(default_factory=dict)
    """The fields that it adds to those that every lead has, or narrows to choices."""
    activities: Mapping[str, Activity] = Field(default_factory=dict)
    """The types of activity that it knows."""
    parameters: Mapping[
        str,
        Annotated[
            ParameterByDate,
            BeforeValidator(
                dates_alone, json_schema_input_type=ParameterByDate | Mapping[Day, Scalar] | Scalar
            ),
        ],
    ] = Field(default_factory=dict)
    """Values that change on dates, by name."""
    tables: Mapping[str, Table] = Field(default_factory=dict)
    """The tables whose rows are given to `load_policy`."""
    calendars: Mapping[str, Calendar] = Field(default_factory=dict)
    """When offices are open."""
    scoring: Scoring | None = None
    """How good a lead is."""
    lifecycle: Lifecycle | None = None
    """Where a lead can be, who may move it when, and what is owed to it."""
    routing: Routing | None = None
    """Who gets which leads."""
    metrics: Measures | None = None
    """What is counted, and what the words of the funnel mean."""

    _rows: Mapping[str, tuple[Row, ...]] = PrivateAttr(default_factory=dict)
    _warnings: tuple[Issue, ...] = PrivateAttr(default=())

    def __repr__(self) -> str:
        header = self.policy
        return f"Policy(id='{header.id}', version={header.version})"

    __str__ = __repr__

    @property
    def warnings(self) -> tuple[Issue, ...]:
        """What is odd about the policy, in document order; none of it stops its use."""
        return self._warnings

    @property
    def rows(self) -> Mapping[str, tuple[Row, ...]]:
        """The rows of each table."""
        return self._rows

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The names that conditions may use, with their types."""
        zone, scoring = self.policy.zone, self.scoring
        qualification, bands = (scoring.qualification, scoring.bands) if scoring else (None, None)
        return Vocabulary(
            declared={name: found.declaration for name, found in self.fields.items()},
            activities={
                name: {key: found.declaration for key, found in activity.properties.items()}
                for name, activity in self.activities.items()
            },
            parameters={name: parameter_of(found, zone) for name, found in self.parameters.items()},
            zone=zone,
            criteria=tuple(qualification.criteria) if qualification else (),
            bands=tuple(band.name for band in bands.levels) if bands else (),
            told=self.lifecycle.told if self.lifecycle else {},
        )

    @cached_property
    def scored(self) -> Vocabulary:
        """The names that the steps after scoring may use: those of leads, and what it adds."""
        return replace(self.vocabulary, derived=self.scoring.results if self.scoring else {})

    @cached_property
    def staged(self) -> Vocabulary:
        """The names that routing may use: those of leads, what scoring adds, and the lifecycle."""
        own = self.lifecycle.results if self.lifecycle else {}
        return replace(self.scored, derived={**self.scored.derived, **own})

    @property
    def measures(self) -> Measures:
        """What measures read: the section `metrics`, and what the lifecycle says besides."""
        own, lifecycle = self.metrics or Measures(), self.lifecycle
        return own.completed(
            zone=self.policy.zone,
            kinds=lifecycle.kinds if lifecycle else None,
            contact=lifecycle.contact if lifecycle else (),
        )

    @cached_property
    def hash(self) -> str:
        """The SHA-256 of all that can change a result, in 64 hex digits.

        Dates, parameters and tables are in it; names, versions, signatures, descriptions, the
        spelling of conditions and values, and the order of keys are not.
        """
        data = canonical(self.model_copy(update={"agreed": None}))
        data["policy"] = {"zone": self.policy.zone}
        if self.scoring is not None:
            data["scoring"] = self.scoring.counted()
        if self.lifecycle is not None:
            data["lifecycle"] = self.lifecycle.counted()
        if self.routing is not None:
            data["routing"] = self.routing.counted()
        if self.calendars:
            data["calendars"] = {name: found.counted() for name, found in self.calendars.items()}
        data["fields"] = {name: _counted(found) for name, found in self.fields.items()}
        data["activities"] = {
            name: {key: _counted(found) for key, found in activity.properties.items()}
            for name, activity in self.activities.items()
        }
        data["parameters"] = {
            name: [found.type, [[start, *_counted_value(value)] for start, value in found.values]]
            for name, found in self.vocabulary.parameters.items()
        }
        data["rows"] = {
            name: [_counted_row(row) for row in rows] for name, rows in self._rows.items()
        }
        return content_hash(_with_trees(data))

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return the policy with other sections, which are not checked."""
        copied = super().model_copy(update=update, deep=deep)
        for name in ("vocabulary", "scored", "staged", "hash"):
            copied.__dict__.pop(name, None)  # each policy has its own
        return copied

    def lead(self, values: Mapping[str, Any]) -> Lead:
        """Return a lead from values by name, every one checked against the policy.

        Raises:
            EvaluationError: If a name is not declared or a value is not of its type.

        Examples:
            >>> from leadrules import load_policy
            >>> policy = load_policy({"leadrules": 1, "policy": {
            ...     "id": "acme", "version": 1, "effective": "2026-01-01"}})
            >>> policy.lead({"id": "17", "company.employees": 120}).company
            Company(employees=120)
        """
        return self.vocabulary.lead(values)

    def event(self, values: Mapping[str, Any]) -> Event:
        """Return an event from values by name, every one checked against the policy.

        Args:
            values: `lead_id`, `id`, `time`, `kind` (by default `activity`), `type` of an
                activity, and the properties, all in one mapping.

        Raises:
            EvaluationError: If a type, a property, a criterion or a band is not declared, or a
                value is not of its type.

        Examples:
            >>> from leadrules import load_policy
            >>> policy = load_policy({"leadrules": 1, "policy": {
            ...     "id": "acme", "version": 1, "effective": "2026-01-01"},
            ...     "activities": {"page_view": {"properties": {"path": {}}}}})
            >>> view = policy.event({"lead_id": "17", "id": "v1", "type": "page_view",
            ...     "time": "2026-01-05T09:00Z", "path": "/pricing"})
            >>> view["path"]
            '/pricing'
        """
        return self.vocabulary.event(values)

    def frame(self, leads: Iterable[Lead], *, backend: str = "polars") -> Any:
        """Return leads as a frame with a typed column for every field of the policy.

        Args:
            leads: The leads, one row each, in their order.
            backend: The kind of frame: `polars`, `pandas`, `pyarrow` or `modin`.

        Raises:
            EvaluationError: If a declared field of a lead holds a value of another type.
        """
        from leadrules.frames import frame_of  # noqa: PLC0415 - frames are an extra

        return frame_of(leads, vocabulary=self.vocabulary, backend=backend)

    def event_frame(self, events: Iterable[Event], *, backend: str = "polars") -> Any:
        """Return events as a frame with a typed column for all that they can say.

        Args:
            events: The events, one row each, in their order.
            backend: The kind of frame: `polars`, `pandas`, `pyarrow` or `modin`.

        Raises:
            EvaluationError: If a property holds a value of another type than it is declared
                with, or activities declare one column with several types.
        """
        from leadrules.frames import event_frame_of  # noqa: PLC0415 - frames are an extra

        return event_frame_of(events, vocabulary=self.vocabulary, backend=backend)

    def review_due(self, at: datetime) -> Issue | None:
        """Return a warning if the day until which the policy is to be reviewed is past.

        Raises:
            EvaluationError: If `at` has no zone.
        """
        moment_of(at)
        due = self.agreed and self.agreed.review_by
        today = at.astimezone(ZoneInfo(self.policy.zone)).date()
        if not due or today <= due:
            return None
        message = f"was to be reviewed by {due}; agree on it again and move the date"
        return Issue("review-past", message, "agreed.review_by", severity="warning")

    def _with(self, rows: Mapping[str, tuple[Row, ...]], warnings: tuple[Issue, ...]) -> Self:
        self._rows = rows
        self._warnings = warnings
        return self


def _counted(found: DeclaredField) -> Any:
    """Return what counts of a declaration as plain data, whether it is said or understood."""
    return [found.declaration.type, found.choices, found.personal]


def _counted_row(row: Row) -> Any:
    """Return a row as plain data; an empty text is no value, however the table was read."""
    cells = {column: settle(cell) for column, cell in row.items()}
    return {name: _counted_value(None if cell == "" else cell) for name, cell in cells.items()}


def _counted_value(value: Value | None) -> list[Any]:
    """Return a settled value as its class and plain data; two that differ are never the same."""
    match value:
        case Cash() | tuple():
            plain: Any = list(value)
        case date():
            plain = value.isoformat()
        case _:
            plain = value
    return [type(value).__name__, plain]


def _with_trees(data: Any) -> Any:
    """Return plain data in which conditions are data too, whatever their spelling was."""
    match data:
        case Mapping():
            return {str(key): _with_trees(inner) for key, inner in data.items()}
        case Absence() | Days() | Delay() | Limit():
            return str(data)
        case list() | tuple():
            return [_with_trees(inner) for inner in data]
        case Always() | AllOf() | AnyOf() | Not() | AtLeast() | Comparison():
            return to_data(data)
    return data
