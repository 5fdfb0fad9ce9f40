"""`leadrules check`: everything that is wrong with a policy, or what it holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sized
from datetime import datetime
from pathlib import Path

from rich.table import Table

from leadrules.cli.consoles import messages, results, told, warn
from leadrules.cli.inputs import moment_in, read_policy
from leadrules.errors import PolicyError
from leadrules.policy import Policy
from leadrules.scoring.ranges import Range
from leadrules.values import moment_of

__all__ = ["check_policy", "counted"]


def check_policy(
    path: Path, *, tables: Iterable[tuple[str, Path]], at: datetime | None, strict: bool
) -> int:
    """Say what is wrong with a policy, and return the exit status.

    Raises:
        CommandError: If a table cannot be read.
        OSError: If a file cannot be read.
    """
    try:
        policy = read_policy(path, tables)
    except PolicyError as error:
        messages().print(told(error), soft_wrap=True)
        return 1
    moment = moment_in(policy.policy.zone, at)
    due = policy.review_due(moment)
    warnings = [*policy.warnings, *([due] if due else [])]
    for issue in warnings:
        warn(issue, source=str(path))
    header = policy.policy
    found = counted("warning", warnings) if warnings else "no problems"
    console = results()
    console.print(f"{header.id}, version {header.version}: {found}", soft_wrap=True)
    rows = Table.grid(padding=(0, 2))
    rows.add_row("effective", f"{header.effective}, {header.zone}")
    if policy.agreed:
        for side, signature in (
            ("sales", policy.agreed.sales),
            ("marketing", policy.agreed.marketing),
        ):
            rows.add_row(side, f"{signature.who}, {signature.on}")
    if policy.agreed and policy.agreed.review_by:
        rows.add_row("review by", str(policy.agreed.review_by))
    rows.add_row("declares", _declared(policy))
    rows.add_row("scores by", policy.scoring.summary() if policy.scoring else "nothing")
    if policy.lifecycle:
        rows.add_row("moves by", policy.lifecycle.summary())
    if policy.routing is not None:
        rows.add_row("routes by", policy.routing.summary())
    if policy.metrics is not None:
        steps, objectives = policy.measures.steps, policy.metrics.objectives
        rows.add_row("measures", f"{counted('step', steps)}, {counted('objective', objectives)}")
    for name, reach in _ranges(policy, moment).items():
        rows.add_row(name, f"from {reach}")
    rows.add_row("hash", policy.hash)
    console.print(rows)
    return 1 if strict and warnings else 0


def counted(noun: str, things: Sized) -> str:
    """Return how many things there are, in words."""
    count = len(things)
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count} {noun if count == 1 else plural}"


def _declared(policy: Policy) -> str:
    return ", ".join(
        (
            counted("field", policy.fields),
            counted("activity", policy.activities),
            counted("parameter", policy.parameters),
            counted("table", policy.tables),
            *([counted("calendar", policy.calendars)] if policy.calendars else ()),
        )
    )


def _ranges(policy: Policy, moment: datetime) -> Mapping[str, Range]:
    """Return what each part and the score can come to."""
    if policy.scoring is None:
        return {}
    return policy.scoring.ranges(policy.vocabulary, moment=moment_of(moment))
