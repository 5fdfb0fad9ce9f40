"""Snapshots: what a lead was when somebody looked, and the one lead that several make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadrules.errors import EvaluationError, as_written
from leadrules.identity.keys import domain_of, folded
from leadrules.lead import Lead
from leadrules.values import Instant, instant_of

__all__ = ["Snapshot", "composed", "in_order_of_creation"]

_ADDRESS = ("country", "region", "postal_code", "city")
_APART = {"id", "created", "company", "account", "fields", *_ADDRESS}
_ALONE = tuple(name for name in Lead.model_fields if name not in _APART)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a lead was at some time.

    Attributes:
        lead: The lead.
        updated: When it was last changed in the source of record; with a time zone. Where the
            source does not say it, the time of the export.

    Raises:
        EvaluationError: If it is no lead, or no moment.
    """

    lead: Lead
    updated: datetime

    def __post_init__(self) -> None:
        if not isinstance(self.lead, Lead):
            message = f"lead: '{as_written(self.lead)}' is no lead; make one with Lead(...)"
            raise EvaluationError(message, field="lead")
        given: object = self.updated
        if not isinstance(given, datetime) or given.utcoffset() is None:
            wrong = "has no time zone" if isinstance(given, datetime) else "is not a moment"
            message = f"updated: '{as_written(given)}' {wrong}; expected an aware datetime"
            raise EvaluationError(message, field="updated", lead_id=self.lead.id)

    @property
    def moment(self) -> Instant:
        """When the lead was last changed, in microseconds since 1970-01-01T00:00Z."""
        return instant_of(self.updated)

    @property
    def content(self) -> tuple[int, str, str]:
        """What it says, the same for every spelling of its values: it orders snapshots too."""
        return self.moment, self.lead.id, repr(sorted(self.lead.record.items()))


def in_order_of_creation(snapshots: Iterable[Snapshot]) -> tuple[str, ...]:
    """Return the ids of the leads: first those created first, last those that do not say."""
    created: dict[str, list[int]] = {}
    for snapshot in snapshots:
        moments = created.setdefault(snapshot.lead.id, [])
        if snapshot.lead.created is not None:
            moments.append(instant_of(snapshot.lead.created))
    return tuple(
        sorted(created, key=lambda name: (not created[name], min(created[name], default=0), name))
    )


def composed(snapshots: Sequence[Snapshot]) -> Lead:
    """Return the one lead that snapshots make.

    Args:
        snapshots: At least one, by the time of their update.
    """
    leads = [snapshot.lead for snapshot in snapshots]
    found: dict[str, Any] = {}
    address: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    for lead in leads:  # what is known later replaces what was known before
        found |= _known(lead, _ALONE)
        address = _known(lead, _ADDRESS) or address
        fields |= {name: value for name, value in lead.fields.items() if name in lead.record}
    created = [lead.created for lead in leads if lead.created is not None]
    if created:
        found["created"] = min(created, key=lambda moment: (instant_of(moment), str(moment)))
    parts = {group: _part(leads, group) for group in _TOLD_BY} | {"fields": fields}
    found |= address | {name: part for name, part in parts.items() if part}
    return Lead(id=in_order_of_creation(snapshots)[0], **found)


def _known(lead: Lead, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(lead, name) for name in names if name in lead.record}


def _part(leads: Sequence[Lead], group: str) -> dict[str, Any]:
    """Return the company, or account, of the latest lead that knows any of it.

    What it does not know comes from earlier ones, as far as they speak of the same one.
    """
    found: dict[str, Any] = {}
    for lead in reversed(leads):
        part = getattr(lead, group)
        told = {
            name: getattr(part, name)
            for name in type(part).model_fields
            if f"{group}.{name}" in lead.record
        }
        if _is_same(_TOLD_BY[group](found), _TOLD_BY[group](told)):
            found = told | found
    return found


def _is_same(one: Sequence[str | None], other: Sequence[str | None]) -> bool:
    """Return whether two companies, or accounts, are the same by what tells them, best first."""
    for left, right in zip(one, other, strict=True):
        if left and right:
            return left == right
    return not any(one) or not any(other)


def _of_company(told: Mapping[str, Any]) -> tuple[str | None, ...]:
    domain = domain_of(told.get("domain"), told.get("website"))
    return domain, folded(told.get("name") or "")


def _of_account(told: Mapping[str, Any]) -> tuple[str | None, ...]:
    return told.get("id"), folded(told.get("name") or "")


_TOLD_BY = {"company": _of_company, "account": _of_account}
