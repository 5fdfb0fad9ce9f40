"""`leadrules lifecycle`: the stages and moves of a policy, as a diagram or a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from rich import box
from rich.table import Table
from rich.text import Text

from leadrules.cli.consoles import CommandError, results
from leadrules.cli.inputs import read_policy
from leadrules.lifecycle.document import Lifecycle
from leadrules.lifecycle.stages import Stage

__all__ = ["show_lifecycle"]


def show_lifecycle(
    path: Path, *, tables: Iterable[tuple[str, Path]], guards: bool, table: bool
) -> int:
    """Show the lifecycle of a policy, and return the exit status.

    Raises:
        LeadRulesError: If the policy is wrong, or has no lifecycle.
        OSError: If a file cannot be read.
    """
    lifecycle = read_policy(path, tables).lifecycle
    if lifecycle is None:
        raise CommandError(f"{path}: the policy has no lifecycle; expected lifecycle: stages")
    shown = _table(lifecycle) if table else str(lifecycle.diagram(guards=guards))
    results().print(shown, soft_wrap=not table, markup=False, highlight=False)
    return 0


def _table(lifecycle: Lifecycle) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        collapse_padding=True,
        expand=True,
        header_style="bold",
        pad_edge=False,
    )
    table.add_column("Stage", no_wrap=True)
    table.add_column("Owner", overflow="fold")
    table.add_column("Owed there", ratio=3, overflow="fold")
    table.add_column("Leads on to", ratio=2, overflow="fold")
    for name, stage in lifecycle.stages.items():
        kind = "" if stage.kind in {"open", name} else f" ({stage.kind})"
        ends = dict.fromkeys(move.to for move in lifecycle.moves if name in move.from_)
        table.add_row(
            Text(f"{name}{kind}"),
            Text(stage.owner or ""),
            Text("; ".join(_owed(name, stage, lifecycle))),
            Text(", ".join(ends)),
        )
    return table


def _owed(name: str, stage: Stage, lifecycle: Lifecycle) -> Iterator[str]:
    for rule_name, rule in lifecycle.touches.items():
        if name in rule.in_:
            within = f" within {rule.within}" if rule.within else ""
            yield f"touches {rule_name}, up to {rule.most}{within}"
    if stage.requires:
        yield f"required: {', '.join(stage.requires)}"
    if stage.approvals:
        yield f"approved by {' and '.join(stage.approvals.by)}"
    if stage.update_every:
        yield f"an update every {stage.update_every}"
