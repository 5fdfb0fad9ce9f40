"""The handoff: what goes with a lead to whoever takes it over, and what of that is missing."""

from leadrules.handoff.gathering import handoff
from leadrules.handoff.packet import Handoff

__all__ = ["Handoff", "handoff"]
