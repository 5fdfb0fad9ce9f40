"""The models of a document of cases, `*.cases.yaml`: what may stand in it, part by part."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from leadrules.errors import as_written
from leadrules.routing.pools import Reason
from leadrules.scoring.qualification import Answer
from leadrules.sections import Prose, Section
from leadrules.values import Span, parse_duration

__all__ = [
    "Amount",
    "BeforeEntry",
    "CaseEntry",
    "Casebook",
    "EventEntry",
    "Expectation",
    "Members",
    "OwedEntry",
    "RefusedEntry",
    "RouteEntry",
]

Text = Annotated[str, Field(strict=True, min_length=1)]
_MOST = 1_000


def _problem(code: str, message: str) -> PydanticCustomError:
    return PydanticCustomError(code.replace("-", "_"), "{message}", {"message": message})


def _decimal(value: object) -> Decimal:
    if isinstance(value, Decimal):
        return value
    number = isinstance(value, int | float) and not isinstance(value, bool)
    found = Decimal(repr(value)) if number else None
    if found is None or not found.is_finite():
        raise _problem("bad-number", f"'{as_written(value)}' is not a number")
    return found


def _tolerance(value: object) -> Decimal:
    found = _decimal(value)
    if found < 0:
        message = f"'{as_written(value)}' is not possible; expected at least 0"
        raise _problem("out-of-range", message)
    return found


def _amount(value: object) -> object:
    return value if isinstance(value, Mapping | Section) else {"value": _decimal(value)}


def _members(value: object) -> object:
    return {"exactly": value} if isinstance(value, list | tuple) else value


def _ago(value: object) -> Span:
    if isinstance(value, Span):
        return value
    try:
        return parse_duration(value if isinstance(value, str) else str(value))
    except ValueError as error:
        raise _problem("bad-duration", str(error)) from None


def _version(value: object) -> object:
    """The version is a whole number; `true` and `1.0` are equal to 1, and are none."""
    if type(value) is int:
        return value
    if value == "1":
        raise _problem("wrong-type", "'1' is a text; write it without quotes")
    raise _problem("wrong-value", f"'{as_written(value)}' is not possible; expected '1'")


def _digit(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class Amount(Section):
    """Points that are expected, exactly or about."""

    value: Annotated[Decimal, BeforeValidator(_decimal)]
    """The points."""
    within: Annotated[Decimal, BeforeValidator(_tolerance)] | None = None
    """How far off they may be; by default the `tolerance` of the case."""


class Members(Section):
    """Names that are expected: exactly these, or some of them and others not."""

    exactly: tuple[Text, ...] | None = None
    """All that there are, in any order; a list alone means this."""
    includes: tuple[Text, ...] = ()
    """What must be among them."""
    excludes: tuple[Text, ...] = ()
    """What must not."""


Points = Annotated[Amount, BeforeValidator(_amount, json_schema_input_type=float | Amount)]
Names = Annotated[
    Members, BeforeValidator(_members, json_schema_input_type=tuple[str, ...] | Members)
]


class OwedEntry(Section):
    """Something that is expected to be owed to the lead."""

    kind: Text
    """What it is, such as `touches`."""
    name: Text
    """The name of the rule, the item, the role or the criterion."""
    status: Literal["open", "at_risk", "breached", "paused"] | None = None
    """What has become of it; by default anything."""


class RefusedEntry(Section):
    """A request to move the lead, and what is expected to stand against it."""

    to: Text
    """The stage that is asked for."""
    role: Text | None = None
    """The role of who asks."""
    reason: Text | None = None
    """Why they ask."""
    note: Text | None = None
    """What else they say."""
    codes: Names
    """The codes of what stands against it; `[]` if nothing does."""


class RouteEntry(Section):
    """Who or what is expected to get the lead; what is not stated may be anything."""

    owner: Text | None = None
    """The member who gets it."""
    pool: Text | None = None
    """The pool, or the role, whose members share such leads."""
    queue: Text | None = None
    """The queue."""
    partner: Text | None = None
    """The channel partner."""
    rule: Text | None = None
    """The rule."""
    clock: Text | None = None
    """The clock that starts."""
    packages: Names | None = None
    """What is sent to the lead."""
    unassigned: Text | None = None
    """The code of why nobody gets it; `null` expects that somebody or something does."""

    @property
    def stated(self) -> tuple[str, ...]:
        """What the expectation is about, in the order of the model."""
        return tuple(x for x in type(self).model_fields if x in self.model_fields_set)

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.stated:
            names = ", ".join(type(self).model_fields)
            raise _problem("empty", f"nothing is expected; expected at least one of {names}")
        return self


class Expectation(Section):
    """What a policy is to say; what is not stated may be anything."""

    score: Points | None = None
    """The visible score."""
    fit: Points | None = None
    """The points of the fit."""
    engagement: Points | None = None
    """The points of the engagement."""
    qualification: Points | None = None
    """The points of the qualification."""
    band: Text | None = None
    """The band."""
    ready: Annotated[bool, Field(strict=True)] | None = None
    """Whether the lead is ready."""
    letter: Text | None = None
    """The letter of the fit."""
    digit: Annotated[Text, BeforeValidator(_digit)] | None = None
    """The digit of the engagement."""
    answers: Mapping[str, Answer] | None = None
    """How criteria are answered: `met`, `not_met` or `unknown`."""
    fired: Names | None = None
    """The rules that fire."""
    uncertain: Names | None = None
    """The characteristics that missing data makes uncertain."""
    stage: Text | None = None
    """The stage that the lead is in, after what the policy moves by itself at that moment."""
    owner: Text | None = None
    """The person who owns it."""
    moved: tuple[Text, ...] | None = None
    """The stages to which the policy moves it by itself at that moment, in order."""
    agenda: tuple[OwedEntry, ...] | None = None
    """What is owed to it then, among other things."""
    refused: tuple[RefusedEntry, ...] | None = None
    """What is asked for then, and refused."""
    route: RouteEntry | None = None
    """Who or what gets it, after what the policy moves by itself; `null` expects nobody."""
    tolerance: Annotated[Decimal, BeforeValidator(_tolerance)] = Decimal(0)
    """How far points may be off where nothing else is said."""

    @property
    def stated(self) -> tuple[str, ...]:
        """What the expectation is about, in the order of the models."""
        found = self.model_fields_set - {"tolerance"}
        return tuple(name for name in type(self).model_fields if name in found)

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.stated:
            names = [name for name in type(self).model_fields if name != "tolerance"]
            message = f"nothing is expected; expected at least one of {', '.join(names)}"
            raise _problem("empty", message)
        return self


class EventEntry(Section):
    """An event of a case."""

    kind: Text = "activity"
    """Its kind, such as `touch`, `answer` or `moved`."""
    type: Text | None = None
    """The declared type of an activity."""
    id: Text | None = None
    """What tells it from the others; by default `e1`, `e2` and so on, by its place."""
    ago: Annotated[int, BeforeValidator(_ago, json_schema_input_type=str)] | None = None
    """How long before the moment of the case it happened, such as `3 days`."""
    time: Text | None = None
    """When it happened; without an offset, in the policy's zone. Either this or `ago`."""
    properties: Mapping[str, Any] = Field(default_factory=dict)
    """What it says, by name."""

    @model_validator(mode="after")
    def _one_time(self) -> Self:
        if (self.ago is None) == (self.time is None):
            raise _problem("wrong-value", "expected either 'ago' or 'time'")
        return self


class BeforeEntry(Section):
    """What became of another lead before."""

    lead: Mapping[str, Any] | None = None
    """The known fields of the other lead, which the policy routes then."""
    owner: Text | None = None
    """The member who got it, whatever the policy says. Either this or `lead`."""
    pool: Text | None = None
    """The pool that the owner had it from; without one, somebody assigned it by hand."""
    times: Annotated[int, Field(strict=True, ge=1, le=_MOST)] = 1
    """How many such leads there were, one after the other."""
    ago: Annotated[int, BeforeValidator(_ago, json_schema_input_type=str)] | None = None
    """How long before the moment of the case; by default at that moment."""
    time: Text | None = None
    """When; without an offset, in the policy's zone. Not together with `ago`."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.lead is None) == (self.owner is None):
            raise _problem("wrong-value", "expected either 'lead' or 'owner'")
        if self.pool is not None and self.owner is None:
            raise _problem("unused-option", "'pool' does nothing without 'owner'")
        if self.ago is not None and self.time is not None:
            raise _problem("wrong-value", "expected 'ago' or 'time', not both")
        return self


class CaseEntry(Section):
    """A lead at a moment, and what is expected of the policy."""

    name: Text
    """What the case is called; unique."""
    why: Prose = None
    """Why sales and marketing agreed on it."""
    lead: Mapping[str, Any] = Field(default_factory=dict)
    """The known fields of the lead, by the names that conditions use."""
    events: tuple[EventEntry, ...] = ()
    """What happened to it, in any order."""
    at: Text | None = None
    """The moment; by default that of the whole document."""
    previous: Text | None = None
    """The band that the lead was in before."""
    before: tuple[BeforeEntry, ...] = ()
    """What the routing gave out before; by default the rotation is at its start."""
    reassign: Reason | None = None
    """Why the lead is assigned again; its events of kind `assigned` say who had it."""
    expect: Expectation
    """What the policy is to say."""


class Casebook(Section):
    """The whole document. `load_cases` reads and checks it."""

    leadrules_cases: Annotated[Literal[1], BeforeValidator(_version)]
    """The version of the language of cases; 1."""
    policy: Text | None = None
    """The file of the policy, as seen from the file of the cases."""
    at: Text | None = None
    """The moment of the cases that say none; without an offset, in the policy's zone."""
    cases: tuple[CaseEntry, ...]
    """The cases."""
