"""What happened to a lead: one kind of value, and a table of what each kind of event says.

A new kind of event is one row of `KINDS`. Activities are of a type that the policy declares,
with the properties that it declares; the properties of all other kinds are fixed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)

from leadrules.errors import EvaluationError, as_written, did_you_mean, one_of
from leadrules.lead import FieldValue, Moment, Values
from leadrules.values import Instant, Type, Value, instant_of, settle

__all__ = ["KINDS", "READ", "Event", "Property", "content_of", "sort_key", "standing"]


@dataclass(frozen=True, slots=True)
class Property:
    """What one property of a kind of event may hold."""

    type: Type
    choices: tuple[str, ...] = ()
    required: bool = False


_TEXT = Property(type=Type.STRING)
_NEEDED = Property(type=Type.STRING, required=True)

KINDS: Mapping[str, Mapping[str, Property]] = MappingProxyType(
    {
        "activity": {},
        "touch": {
            "channel": _NEEDED,
            "direction": Property(type=Type.ENUM, choices=("outbound", "inbound"), required=True),
            "outcome": _TEXT,
            "automatic": Property(type=Type.BOOLEAN),
            "by": _TEXT,
            "role": _TEXT,
            "step": _TEXT,
        },
        "answer": {
            "criterion": _NEEDED,
            "answer": Property(
                type=Type.ENUM, choices=("met", "not_met", "unknown"), required=True
            ),
            "until": Property(type=Type.DATETIME),
            "by": _TEXT,
        },
        "retraction": {"of": _NEEDED, "by": _TEXT, "reason": _TEXT},
        "override": {
            "band": _NEEDED,
            "by": _NEEDED,
            "reason": _NEEDED,
            "until": Property(type=Type.DATETIME),
        },
        "moved": {
            "to": _NEEDED,
            "from": _TEXT,
            "by": _TEXT,
            "role": _TEXT,
            "reason": _TEXT,
            "note": _TEXT,
            "band": _TEXT,
            "forced": Property(type=Type.BOOLEAN),
            "policy": _TEXT,
        },
        "assigned": {
            "owner": _NEEDED,
            "pool": _TEXT,
            "rule": _TEXT,
            "reason": _TEXT,
            "by": _TEXT,
        },
        "completed": {"item": _NEEDED, "note": _TEXT, "by": _TEXT, "role": _TEXT},
        "approval": {
            "role": _NEEDED,
            "verdict": Property(type=Type.ENUM, choices=("approved", "rejected"), required=True),
            "note": _TEXT,
            "by": _TEXT,
        },
        "waiver": {"touches": _NEEDED, "reason": _NEEDED, "by": _TEXT, "role": _TEXT},
        "fulfilment": {"item": _NEEDED, "channel": _TEXT, "request": _TEXT, "by": _TEXT},
        "update": {"note": _TEXT, "by": _TEXT},
        "next_step": {"what": _NEEDED, "due": Property(type=Type.DATETIME), "by": _TEXT},
        "pause": {
            "clock": _TEXT,
            "until": Property(type=Type.DATETIME),
            "reason": _TEXT,
            "by": _TEXT,
        },
        "resume": {"clock": _TEXT, "by": _TEXT},
    }
)
"""What each kind of event says, apart from its lead, id and time.

- `activity`: what the prospect did, of a declared `type` with declared properties;
- `touch`: outreach, by a person or automatic; `channel` such as `call`; `role` of the person;
  `step` of a nurture plan that it was;
- `answer`: a qualification criterion was answered, for good or `until` a moment;
- `retraction`: the event `of` that id did not happen. It cannot be taken back itself: one that
  names another retraction changes nothing. Whoever took back too much states the event again,
  under an id of its own;
- `override`: somebody set the band, for a reason, for good or `until` a moment;
- `moved`: the lead went `to` a stage; a move that the policy allowed says which `policy` that
  was, and by `read.<name>` what its guard read;
- `assigned`: the lead has an `owner`;
- `completed`: an `item` that the stage requires is there;
- `approval`: a `role` approved, or rejected, what is in the stage;
- `waiver`: the `touches` of that rule are not owed, for a `reason` that the rule allows;
- `fulfilment`: an `item` was sent, by a `channel`, in answer to the activity `request`;
- `update`: somebody looked at the status of the lead;
- `next_step`: what was agreed to do next, and when it is `due`;
- `pause`, `resume`: a `clock`, or all of them, stand still `until` a moment or until resumed.
"""

READ = "read."
"""What the names of the values begin with that the guard of a move read."""


class Event(BaseModel):
    """Something that happened to a lead, at a moment.

    Attributes:
        lead_id: The lead it happened to.
        id: Tells the event from others of the same lead.
        time: When it happened; with a time zone.
        kind: One of `KINDS`.
        type: The declared type of an activity; None for other kinds.
        properties: What the event says, by name.

    Raises:
        EvaluationError: If the event is not as its kind demands. It names the property.

    Examples:
        >>> from datetime import UTC, datetime
        >>> call = Event(
        ...     lead_id="17", id="c1", time=datetime(2026, 1, 5, 9, tzinfo=UTC), kind="touch",
        ...     properties={"channel": "call", "direction": "outbound", "automatic": False},
        ... )
        >>> call["channel"]
        'call'
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    lead_id: Annotated[str, Field(strict=True, min_length=1)]
    id: Annotated[str, Field(strict=True, min_length=1)]
    time: Moment
    kind: Annotated[str, Field(strict=True)]
    type: Annotated[str | None, Field(strict=True, min_length=1)] = None
    properties: Values = Field(default_factory=dict)

    def __getitem__(self, name: str) -> FieldValue | None:
        return self.properties.get(name)

    @cached_property
    def moment(self) -> Instant:
        """When it happened, in microseconds since 1970-01-01T00:00Z."""
        return instant_of(self.time)

    @cached_property
    def record(self) -> Mapping[str, Value]:
        """The known properties, settled, as conditions name them, such as `activity.path`."""
        settled = ((name, settle(value)) for name, value in self.properties.items())
        return {f"{self.kind}.{name}": value for name, value in settled if value is not None}

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return the event with other parts, checked as at first.

        Raises:
            EvaluationError: If the event is not as its kind demands then.
        """
        del deep  # every part is frozen
        known = {name: getattr(self, name) for name in self.model_fields_set}
        return type(self)(**(known | dict(update or {})))

    @model_validator(mode="wrap")
    @classmethod
    def _speak_of_properties(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            event = handler(data)
        except ValidationError as error:
            raise _explained(error) from error
        wrong = _wrong(event)
        if wrong:
            name, message = wrong
            raise EvaluationError(
                f"event '{event.id}': {name}: {message}", field=name, lead_id=event.lead_id
            )
        return event


def _wrong(event: Event) -> tuple[str, str] | None:
    """Return the first property that is not as the kind demands, and what is wrong."""
    kind = KINDS.get(event.kind)
    if kind is None:
        hint = did_you_mean(event.kind, KINDS)
        return "kind", f"no kind '{event.kind}'; expected {one_of(KINDS)}{hint}"
    if (event.kind == "activity") != (event.type is not None):
        return "type", "an activity, and nothing else, has a type"
    for name, value in event.properties.items():
        try:
            settled = settle(value)
        except ValueError as error:
            return name, str(error)
        if event.kind != "activity" and not (event.kind == "moved" and name.startswith(READ)):
            if name not in kind:
                return name, f"no such property of a {event.kind}{did_you_mean(name, kind)}"
            if settled is not None and not _fits(settled, kind[name]):
                return name, f"'{value}' does not fit; expected {_expected(kind[name])}"
    for name, declared in kind.items():
        if declared.required and event.properties.get(name) is None:
            return name, f"is missing; a {event.kind} must have it"
    return None


def _fits(settled: object, declared: Property) -> bool:
    if declared.choices:
        return settled in declared.choices
    return isinstance(settled, {Type.BOOLEAN: bool, Type.DATETIME: Instant}.get(declared.type, str))


def _expected(declared: Property) -> str:
    return one_of(declared.choices) if declared.choices else declared.type.noun


def _explained(error: ValidationError) -> EvaluationError:
    first = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    given = as_written(first["input"])
    match first["type"]:
        case "missing":
            wrong = "is missing"
        case "extra_forbidden":
            wrong = f"no such part of an event{did_you_mean(name, Event.model_fields)}"
        case "string_too_short":
            wrong = "is empty; expected a text"
        case "value_error":
            wrong = str(first["ctx"]["error"])
        case "string_type":
            wrong = f"'{given}' is not a text"
        case _:
            return EvaluationError(f"event: '{given}' is not a mapping of names to values")
    return EvaluationError(f"event: {name}: {wrong}", field=name)


def standing(events: Iterable[Event], *, lead_id: str, at: int) -> list[Event]:
    """Return the events of a lead that have happened at a moment and stand, in order.

    An event that is given twice counts once. One that a retraction names does not stand from
    the retraction's time on, whichever of the two comes first. Retractions stay out.

    Args:
        events: Events of the lead, in any order.
        lead_id: The lead.
        at: The moment, in microseconds.

    Returns:
        The events by time, moves after what else happened at that time, then by id.

    Raises:
        EvaluationError: If an event is of another lead, or two that differ have the same id.
    """
    given: object = events
    if isinstance(given, str | Event) or not isinstance(given, Iterable):
        message = f"events: '{as_written(events)}' is no list of events"
        raise EvaluationError(message, field="events", lead_id=lead_id)
    happened: dict[str, Event] = {}
    retracted: set[str] = set()
    for event in events:
        try:
            other = event.lead_id != lead_id
            seen = happened.setdefault(event.id, event)
        except AttributeError:
            message = f"events: '{as_written(event)}' is no event; make one with Event(...)"
            raise EvaluationError(message, field="events", lead_id=lead_id) from None
        if other:
            message = f"event '{event.id}': is of lead '{event.lead_id}', not of '{lead_id}'"
            raise EvaluationError(message, field="lead_id", lead_id=lead_id)
        if seen is not event and content_of(seen) != content_of(event):
            message = f"event '{event.id}': another event has this id; ids are unique for a lead"
            raise EvaluationError(message, field="id", lead_id=lead_id)
        if event.kind == "retraction" and event.moment <= at:
            retracted.add(event.properties["of"])  # type: ignore[arg-type]  # a text, as its kind demands
    return sorted(
        (
            event
            for event in happened.values()
            if event.moment <= at and event.kind != "retraction" and event.id not in retracted
        ),
        key=sort_key,
    )


def content_of(event: Event) -> tuple[object, ...]:
    """Return what an event says: the same for every spelling of its instant and its values."""
    return event.moment, event.kind, event.type, event.record


def sort_key(event: Event) -> tuple[int, bool, str]:
    """Return what events are ordered by: their instant, moves after all else, then their id.

    What is known at an instant is known to whoever moves the lead then.
    """
    return event.moment, event.kind == "moved", event.id
