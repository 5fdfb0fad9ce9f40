"""The agenda: all that is owed to a lead, or to the leads of a whole database, by urgency."""

from leadrules.agenda.worklist import Agenda, agenda

__all__ = ["Agenda", "agenda"]
