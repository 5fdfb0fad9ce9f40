"""The agenda: all that is owed to a lead, or to the leads of a whole database, by urgency."""

from leadrules.agenda.worklist import Agenda, agenda, roles_of, span_text
from leadrules.lifecycle.owed import OWED, Owed, in_zone

__all__ = ["OWED", "Agenda", "Owed", "agenda", "in_zone", "roles_of", "span_text"]
