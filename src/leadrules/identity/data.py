"""Leads and events as plain data, with the types of values that JSON has not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from leadrules.errors import EvaluationError, as_written
from leadrules.events import Event
from leadrules.lead import Lead
from leadrules.values import Cash, Instant, Money, Span, datetime_of, settle

__all__ = ["as_mapping", "event_data", "event_of", "lead_data", "lead_of"]

_MICROSECOND = timedelta(microseconds=1)

_READERS: Mapping[str, tuple[str, Callable[[Any], object]]] = {
    "datetime": ("a datetime", datetime.fromisoformat),
    "date": ("a date", date.fromisoformat),
    "microseconds": ("an integer", lambda count: count * _MICROSECOND),
    "money": ("an amount of money", Money.parse),
}
"""What values are that JSON has no type for, and how each is read."""


def lead_data(lead: Lead) -> dict[str, Any]:
    """Return what is known of a lead as data that JSON can hold."""
    told = lead.model_dump(mode="json", exclude={"fields"}, exclude_none=True)
    if lead.created is not None:
        told["created"] = lead.created.isoformat()  # to the second of its offset
    told["fields"] = _written(lead.fields)
    return {name: value for name, value in told.items() if value != {}}


def lead_of(data: Any, *, place: str) -> Lead:
    """Return the lead that `lead_data` gave as data.

    Raises:
        EvaluationError: If it is none. It names the field.
    """
    told = as_mapping(data, place=place)
    if "fields" in told:
        told["fields"] = _read(told["fields"], place=f"{place}.fields")
    return Lead.model_validate(told)


def event_data(event: Event) -> dict[str, Any]:
    """Return an event as data that JSON can hold."""
    told = {
        "lead_id": event.lead_id,
        "id": event.id,
        "time": event.time.isoformat(),
        "kind": event.kind,
        "type": event.type,
        "properties": _written(event.properties),
    }
    return {name: value for name, value in told.items() if value not in (None, {})}


def event_of(data: Any, *, place: str) -> Event:
    """Return the event that `event_data` gave as data.

    Raises:
        EvaluationError: If it is none. It names the property.
    """
    told = as_mapping(data, place=place)
    if "properties" in told:
        told["properties"] = _read(told["properties"], place=f"{place}.properties")
    return Event.model_validate(told)


def as_mapping(data: Any, *, place: str) -> dict[str, Any]:
    """Return data that is a mapping.

    Raises:
        EvaluationError: If it is none.
    """
    if not isinstance(data, Mapping):
        message = f"{place}: '{as_written(data)}' is not a mapping of names to values"
        raise EvaluationError(message, field=place)
    return dict(data)


def _written(values: Mapping[str, object]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in values.items() if settle(value) is not None}


def _plain(value: Any) -> object:
    match value:
        case Instant():
            return {"datetime": datetime_of(value).isoformat()}
        case Span():
            return {"microseconds": int(value)}
        case Cash():
            return {"money": str(Money.of_minor(value))}
        case datetime():
            return {"datetime": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
        case timedelta():
            return {"microseconds": value // _MICROSECOND}
        case Money():
            return {"money": str(value)}
        case Decimal():
            return float(value)
        case list() | tuple():
            return list(value)
    return value


def _read(data: Any, *, place: str) -> dict[str, Any]:
    return {
        name: _value(value, place=f"{place}.{name}")
        for name, value in as_mapping(data, place=place).items()
    }


def _value(data: Any, *, place: str) -> object:
    if not isinstance(data, Mapping) or len(data) != 1:
        return data  # what is no value, the lead or the event refuses
    ((kind, value),) = data.items()
    if kind not in _READERS:
        return data
    noun, read = _READERS[kind]
    try:
        return read(value)
    except (TypeError, ValueError, OverflowError):
        message = f"{place}: '{as_written(value)}' is not {noun}"
        raise EvaluationError(message, field=place) from None
