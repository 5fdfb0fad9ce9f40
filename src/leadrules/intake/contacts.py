"""Whose event it is, when the source only says which person it happened to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from leadrules.intake.cells import Unreadable
from leadrules.lead import Lead
from leadrules.values import instant_of

__all__ = ["Contacts"]

How = Literal["sole", "latest", "earliest"]


class Contacts:
    """The leads of each contact, in the order in which they were created.

    Of several leads, an event belongs to that created last at or before it, else to the
    earliest. Leads created at one moment stand in the order of their ids. A lead that does not
    say when it was created is asked only if no lead of the contact says it: then the one with
    the lowest id has all events.

    Examples:
        >>> from datetime import UTC
        >>> contacts = Contacts([Lead(id="7", contact_id="ada")])
        >>> contacts.lead_of("ada", datetime(2026, 1, 5, tzinfo=UTC))
        ('7', 'sole')
    """

    def __init__(self, leads: Sequence[Lead]) -> None:
        found: dict[str, set[tuple[int | None, str]]] = {}
        for lead in leads:
            if lead.contact_id is not None:
                created = None if lead.created is None else instant_of(lead.created)
                found.setdefault(lead.contact_id, set()).add((created, lead.id))
        self._leads = {contact: _ordered(those) for contact, those in found.items()}

    def lead_of(self, contact: str, time: datetime) -> tuple[str, How]:
        """Return the lead that an event of a contact belongs to, and how it was found.

        Raises:
            Unreadable: If the contact has no lead.
        """
        found = self._leads.get(contact)
        if found is None:
            raise Unreadable("no-lead", f"contact '{contact}' has none of the given leads")
        several, moments, ids = found
        if not several:
            return ids[0], "sole"
        index = bisect_right(moments, instant_of(time))
        return (ids[index - 1], "latest") if index else (ids[0], "earliest")


def _ordered(leads: set[tuple[int | None, str]]) -> tuple[bool, list[int], list[str]]:
    """Return whether there are several leads, and the moments and ids of those to choose from."""
    dated = sorted((created, lead_id) for created, lead_id in leads if created is not None)
    several = len(leads) > 1
    if not dated:
        return several, [], [min(lead_id for _, lead_id in leads)]
    return several, [created for created, _ in dated], [lead_id for _, lead_id in dated]
