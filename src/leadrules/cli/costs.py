"""What programmes cost, out of a file: a row for each sum of money that was spent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.text import Text

from leadrules.cli.consoles import CommandError, messages
from leadrules.cli.identity import header_of
from leadrules.errors import in_line
from leadrules.intake import Intake, load_mapping
from leadrules.values import Money
from leadrules.vocabulary import Vocabulary

__all__ = ["cost_frame", "read_costs"]

AMOUNT, DAY = "amount", "day"
MOST_SHOWN = 5
"""Of more rejected rows, these are shown."""


def read_costs(path: Path, vocabulary: Vocabulary, *, mapping: Path | None) -> Intake:
    """Return the rows of a file of costs, and say how many there are.

    Args:
        path: The file.
        vocabulary: What the policy declares.
        mapping: A mapping with `rows`, one of which is money; without it, `amount` is such as
            `1200 EUR`, `day` a date, and the other columns say whose costs they are.

    Raises:
        MappingError: If the mapping is wrong.
        CommandError: If it has no rows, or the file has no column `amount`.
        EvaluationError: If the file as a whole cannot be read.
        OSError: If a file cannot be read.
    """
    if mapping is None:
        mapper = load_mapping(_identity(path, vocabulary), vocabulary=vocabulary)
    else:
        mapper = load_mapping(mapping, vocabulary=vocabulary)
        if mapper.mapping.rows is None:
            raise CommandError(f"{mapping}: the mapping has no rows; expected 'rows'")
    found = mapper.read(path)
    messages().print(f"{path}: {found.summary(mapped=True)}", soft_wrap=True)
    for rejected in found.rejects[:MOST_SHOWN]:
        told = (
            f"        line {rejected.line}: {rejected.column}: '{in_line(rejected.text.strip())}'"
        )
        messages().print(Text(told), soft_wrap=True)
    if len(found.rejects) > MOST_SHOWN:
        more = len(found.rejects) - MOST_SHOWN
        messages().print(f"        and {more} more", soft_wrap=True)
    return found


def _identity(path: Path, vocabulary: Vocabulary) -> Mapping[str, Any]:
    header = header_of(path)
    if AMOUNT not in header:
        raise CommandError(
            f"{path}: no column '{AMOUNT}'; expected one with money such as '1200 EUR', "
            "or --costs-mapping"
        )
    kinds = {
        AMOUNT: {"column": AMOUNT, "type": "money", "required": True},
        DAY: {"column": DAY, "type": "date"},
    }
    rows = {name: kinds.get(name, name) for name in header}
    return {"leadrules_mapping": 1, "zone": vocabulary.zone, "rows": rows}


def cost_frame(costs: Intake, path: Path) -> Any:
    """Return the rows as the table of costs that measures take.

    Raises:
        CommandError: If no column is money, or several are.
    """
    import polars as pl  # noqa: PLC0415 - the command that asks for it needs frames anyway

    sums = {key for row in costs.rows for key, value in row.items() if isinstance(value, Money)}
    if costs.rows and len(sums) != 1:
        named = " and ".join(f"'{name}'" for name in sorted(sums)) or "none"
        raise CommandError(f"{path}: expected one column of money; there is {named}")
    found = []
    for row in costs.rows:
        told: dict[str, Any] = {key: x for key, x in row.items() if key not in sums}
        money = next((row[key] for key in sums), None)
        spent = money if isinstance(money, Money) else None
        told[AMOUNT] = spent.minor if spent else None
        told["currency"] = spent.currency if spent else None
        found.append(told)
    empty = {AMOUNT: pl.Int64, "currency": pl.String}
    return pl.DataFrame(found, infer_schema_length=None) if found else pl.DataFrame(schema=empty)
