"""Business time: when an office is open, and how long something took or may take in its hours."""

from leadrules.calendars.calendar import Calendar
from leadrules.calendars.delay import Delay, Wait
from leadrules.calendars.open_hours import OpenHours
from leadrules.calendars.timekeeper import Timekeeper

__all__ = ["Calendar", "Delay", "OpenHours", "Timekeeper", "Wait"]
