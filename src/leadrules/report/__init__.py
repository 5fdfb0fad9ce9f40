"""The report on a process: what a policy measures, as a page that a sales manager reads.

The policy says what its words mean, `metrics` counts, and here is what of it is told and in which
order.
"""

from leadrules.report.chapters import Chapter, Exhibit
from leadrules.report.paper import Report

__all__ = ["Chapter", "Exhibit", "Report"]
