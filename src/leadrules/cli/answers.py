"""What a router says of leads, as a table."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from leadrules.routing.assignment import Assignment
from leadrules.routing.router import Answered
from leadrules.routing.rules import RoutingRule

__all__ = ["answers_table"]


def answers_table(answers: Sequence[Answered], rules: Sequence[RoutingRule]) -> Table:
    """Return who gets leads, and why."""
    whys = {rule.id: rule.why for rule in rules}
    table = Table(
        box=box.SIMPLE_HEAD,
        collapse_padding=True,
        expand=True,
        header_style="bold",
        pad_edge=False,
    )
    table.add_column("Lead", max_width=20, overflow="fold")
    table.add_column("Goes to", ratio=2, overflow="fold")
    table.add_column("By rule, and why", ratio=3, overflow="fold")
    for answer in answers:
        passed = [f"not {found}" for found in answer.passed]
        reasons = "; ".join([f"{answer.rule}: {whys.get(answer.rule)}", *passed])
        table.add_row(*map(Text, (answer.lead_id, _whom(answer), reasons)))
    return table


def _whom(answer: Answered) -> str:
    if not isinstance(answer, Assignment):
        return "nobody"
    named = {"queue": answer.queue, "partner": answer.partner}
    return next((f"{kind} {name}" for kind, name in named.items() if name), answer.owner or "")
