"""Plain tables, and whether a target is met."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["at_least", "at_most", "table"]


def table(
    title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str] = ()
) -> None:
    """Print a table: the first column to the left, the others to the right."""
    widths = [max(len(line[index]) for line in (heads, *rows)) for index in range(len(heads))]
    print(f"\n{title}")
    for line in (heads, ["-" * width for width in widths], *rows):
        first, *others = (
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        print("  ".join(["", first, *others]).rstrip())
    for note in notes:
        print(f"  * {note}")


def at_most(value: float, target: float) -> str:
    return f"<= {target:g}: {'met' if value <= target else 'MISSED'}"


def at_least(value: float, target: float) -> str:
    return f">= {target:g}: {'met' if value >= target else 'MISSED'}"
