"""Logs of assignments as frames: who was given leads, row by row."""

from __future__ import annotations

from typing import Any

from leadrules.errors import EvaluationError
from leadrules.frames.columns import Columns
from leadrules.frames.kinds import PREFIX, recognised
from leadrules.routing.replaying import Given
from leadrules.values import Type

__all__ = ["given_in_frame"]

_NEEDED = {"lead_id": Type.STRING, "time": Type.DATETIME, "owner": Type.STRING}
_OTHERS = dict.fromkeys(("pool", "rule", "reason", "code"), Type.STRING)


def given_in_frame(log: Any) -> list[Given]:
    """Return who was given leads by the table `assignments`, in the order of its rows.

    Args:
        log: A frame of any kind; the columns `pool`, `rule`, `reason` and `code` may be absent.

    Raises:
        EvaluationError: If a column is absent or of a wrong type, or a row has no lead or moment.
    """
    columns = Columns(recognised(log, "log"), _NEEDED, _OTHERS)
    kinds = {**_NEEDED, **{name: x for name, x in _OTHERS.items() if name in columns.names}}
    named = {f"{PREFIX}{name}": columns.settled(name, kind) for name, kind in kinds.items()}
    rows = columns.frame.select(**named).collect("polars").iter_rows(named=True)
    found = []
    for row in rows:
        said = {name: row.get(f"{PREFIX}{name}") for name in (*_NEEDED, *_OTHERS)}
        code, moment, lead_id = said.pop("code"), said.pop("time"), said.pop("lead_id")
        if moment is None or lead_id is None:
            name = "lead_id" if lead_id is None else "time"
            message = f"log: {name} is missing in a row; expected it in every row"
            raise EvaluationError(message, field=name)
        if code is None or said["reason"] == "declined":
            found.append(Given(moment, lead_id, **said))
    return found
