"""Making frames of leads and of events, with a typed column for all that they can say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError, one_of
from leadrules.events import KINDS, Event
from leadrules.frames.columns import LARGEST_COUNT, SETTLED
from leadrules.frames.kinds import as_kind
from leadrules.lead import Lead
from leadrules.values import Instant, Span, Type, Value, datetime_of
from leadrules.vocabulary import Declaration, Vocabulary, columns_of, typed

__all__ = ["event_frame_of", "frame_of"]

_BACKENDS = ("polars", "pandas", "pyarrow", "modin")


def frame_of(leads: Iterable[Lead], *, vocabulary: Vocabulary, backend: str = "polars") -> Any:
    """Return leads as a frame, with a typed column for every field that they can have.

    Args:
        leads: The leads, one row each, in their order.
        vocabulary: The fields that the policy declares beyond those of every lead.
        backend: The kind of frame: `polars`, `pandas`, `pyarrow` or `modin`.

    Returns:
        A frame of that kind. A field `company.employees` is the column `company_employees`;
        money is whole minor units, and its currency a second column.

    Raises:
        EvaluationError: If a declared field of a lead holds a value of another type, or one
            that is too large for a column, or if there is no such kind of frame.
    """
    _check(backend)
    records = [vocabulary.record(lead) for lead in leads]
    return _made(records, vocabulary.fields, backend)


def event_frame_of(
    events: Iterable[Event], *, vocabulary: Vocabulary, backend: str = "polars"
) -> Any:
    """Return events as a frame, with a typed column for all that they can say.

    Args:
        events: The events, one row each, in their order.
        vocabulary: The activities that the policy declares.
        backend: The kind of frame: `polars`, `pandas`, `pyarrow` or `modin`.

    Returns:
        A frame of that kind: `lead_id`, `id`, `time`, `kind`, `type`, a column for each property
        of a kind of event, and one for each declared property of an activity. Activities, and
        properties of them, that the policy does not declare have no column of their own.

    Raises:
        EvaluationError: If a property holds a value of another type than it is declared with,
            activities declare one column with several types, or there is no such kind of frame.
    """
    _check(backend)
    declared = _event_columns(vocabulary)
    records = []
    for event in events:
        own = vocabulary.activities.get(event.type or "", {})
        record: dict[str, Value] = {
            "lead_id": event.lead_id,
            "id": event.id,
            "time": Instant(event.moment),
            "kind": event.kind,
        }
        if event.type is not None:
            record["type"] = event.type
        for full, value in event.record.items():
            name = full.removeprefix(f"{event.kind}.")
            if event.kind != "activity":
                record[name] = value
            elif name in own:
                record[name] = _typed(value, own[name], full, event)
        records.append(record)
    return _made(records, declared, backend)


def _typed(value: Value, declaration: Declaration, name: str, event: Event) -> Value:
    try:
        return typed(value, declaration, name=name, lead_id=event.lead_id)
    except EvaluationError as error:
        message = f"event '{event.id}': {error}"
        raise EvaluationError(message, field=error.field, lead_id=event.lead_id) from None


def _event_columns(vocabulary: Vocabulary) -> dict[str, Declaration]:
    text = Declaration(Type.STRING)
    found = dict.fromkeys(("lead_id", "id"), text) | {"time": Declaration(Type.DATETIME)}
    found |= dict.fromkeys(("kind", "type"), text)
    for properties in KINDS.values():
        found |= {name: Declaration(known.type) for name, known in properties.items()}
    columns = {name: declaration.type for name, declaration in found.items()}
    for activity, declared in vocabulary.activities.items():
        for name, declaration in declared.items():
            kinds = (declaration.type, Type.STRING)
            for column, kind in zip(columns_of(name, declaration), kinds, strict=False):
                before = columns.setdefault(column, kind)
                if before is not kind and not (before.is_text and kind.is_text):
                    message = (
                        f"{column}: a property of '{activity}' is {kind.noun}, and that of other "
                        f"events {before.noun}; a column has one type"
                    )
                    raise EvaluationError(message, field=column)
            found.setdefault(name, declaration)
    return found


def _check(backend: str) -> None:
    if backend not in _BACKENDS:
        message = f"backend: '{backend}' is no kind of frame; expected {one_of(_BACKENDS)}"
        raise EvaluationError(message, field="backend")


def _made(records: list[Any], fields: Mapping[str, Declaration], backend: str) -> Any:
    """Return settled values by name as a frame, with the columns of the named fields."""
    data: dict[str, list[Any]] = {}
    schema: dict[str, Any] = {}
    for name, declaration in fields.items():
        column, *currency = columns_of(name, declaration)
        values: list[Any] = [record.get(name) for record in records]
        if currency:
            data[column] = [None if value is None else value[0] for value in values]
            data[currency[0]] = [None if value is None else value[1] for value in values]
            schema[currency[0]] = nw.String
        else:
            data[column] = [_outside(name, value) for value in values]
        schema[column] = _OUTSIDE.get(declaration.type, SETTLED[declaration.type])
    frame = nw.from_dict(data, {name: schema[name] for name in data}, backend="polars")
    return as_kind(frame, backend).to_native()


_OUTSIDE: Mapping[Type, Any] = {
    Type.DATETIME: nw.Datetime("us", "UTC"),
    Type.DURATION: nw.Duration("us"),
}


def _count(name: str, value: int) -> int:
    """Return an integer that a column of 64 bits has room for."""
    if abs(value) > LARGEST_COUNT:
        message = f"{name}: a lead has more than a column of 64-bit integers can hold"
        raise EvaluationError(message, field=name)
    return value


def _outside(name: str, value: Any) -> Any:
    """Return a settled value as a frame holds it."""
    match value:
        case Instant():
            return datetime_of(value)
        case Span():
            return timedelta(microseconds=_count(name, value))
        case tuple():
            return list(value)
    return value
