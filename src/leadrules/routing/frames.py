"""Routing a frame of leads: one decision after the other, in the order that is declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError
from leadrules.frames import open_frame
from leadrules.frames.kinds import PREFIX, like, recognised
from leadrules.frames.opening import AT, LEAD
from leadrules.frames.records import Records
from leadrules.routing.book import Book
from leadrules.routing.deciding import Decision
from leadrules.routing.roster import Roster
from leadrules.values import Type, moment_of
from leadrules.vocabulary import Declaration, Vocabulary, columns_of

if TYPE_CHECKING:
    import polars as pl

__all__ = ["route_frame"]

_SCORE, _CREATED = f"{PREFIX}0score", f"{PREFIX}0created"
_IDS = ("lead_id", "id")


class _Outcome(NamedTuple):
    """What is told of a decision beside the lead and the moment: the columns, in their order."""

    rule: str | None
    pool: str | None
    owner: str | None
    queue: str | None
    partner: str | None
    code: str | None
    clock: str | None
    packages: tuple[str, ...]


def route_frame(book: Book, leads: Any, *, at: datetime | str) -> Any:
    """Return the table of assignments of a frame of leads, all of them written into a book.

    Args:
        book: The book.
        leads: As of `Router.route_frame`.
        at: As of `Router.route_frame`.

    Raises:
        EvaluationError: If a column is absent or of a wrong type, or a lead has no id or no
            moment.
    """
    roster, rules = book.roster, book.roster.routing.rules
    ordered, records = _ordered(roster, leads, at)
    # Few outcomes differ: each is kept once, and leads say which is theirs.
    outcomes: dict[tuple[Any, ...], int] = {}
    places: list[int] = []
    rows = zip(ordered[LEAD], ordered[AT], records.of(ordered), strict=True)
    for lead_id, moment, record in rows:
        book.turn_to(moment)
        decision = Decision(roster, book, record, moment)
        answer = decision.made(lead_id)
        packages = decision.packages(answer.place)
        found = (answer.place, answer.kind, answer.name, answer.team, answer.code, packages)
        places.append(outcomes.setdefault(found, len(outcomes)))
    told = []
    for place, kind, name, team, code, packages in outcomes:
        to = {kind: name}
        told.append(
            _Outcome(
                roster.ids[place] if place is not None else None,
                team.name if team is not None and kind else None,
                to.get("owner"),
                to.get("queue"),
                to.get("partner"),
                None if kind else code or "no-rule",
                rules[place].clock if kind == "owner" and place is not None else None,
                packages,
            )
        )
    return like(_table(ordered, told, places, book.state.policy), leads)


def _ordered(roster: Roster, leads: Any, at: datetime | str) -> tuple[pl.DataFrame, Records]:
    """Return the leads in the order in which they are routed, and how their fields are read.

    Raises:
        EvaluationError: As of `route_frame`.
    """
    columns = recognised(leads).collect_schema().names()
    words, names, by = _read(roster, columns)
    column = at if isinstance(at, str) else None
    moment = nw.col(AT) if isinstance(at, str) else nw.lit(moment_of(at), nw.Int64)
    read = dict.fromkeys([*names, *by])
    opened = open_frame(leads, read, vocabulary=words, at=column, texts={LEAD: _IDS})
    records = Records(opened, names, words)
    keys = {key: opened.fields[name][0] for name, key in by.items()}
    found = opened.frame.select(LEAD, **{AT: moment}, **keys, **records.columns)
    frame = found.collect("polars").to_native()
    _demand(frame, LEAD, next(name for name in _IDS if name in columns), "id")
    _demand(frame, AT, str(at), "moment")
    order = {AT: False, _SCORE: True, _CREATED: False, LEAD: False}
    order = {key: down for key, down in order.items() if key in frame.columns}
    ordered = frame.sort(
        [*order], descending=[*order.values()], nulls_last=True, maintain_order=True
    )
    return ordered.drop(keys), records


def _read(
    roster: Roster, columns: Sequence[str]
) -> tuple[Vocabulary, list[str], Mapping[str, str]]:
    """Return the fields that routing reads of a frame, and those that order it by their keys.

    What earlier steps add is missing, if there is no column of it; so are the two of the order.
    """
    words = roster.vocabulary
    if "score" not in words.fields:  # the host's own
        score = Declaration(Type.NUMBER)
        words = replace(words, derived={**words.derived, "score": score})

    def there(name: str) -> bool:
        return all(column in columns for column in columns_of(name, words.fields[name]))

    names = [x for x in roster.routing.fields() if x not in words.derived or there(x)]
    by = {"created": _CREATED}
    if words.fields["score"].type.is_numeric:
        by["score"] = _SCORE
    return words, names, {name: key for name, key in by.items() if there(name)}


def _demand(frame: pl.DataFrame, column: str, name: str, what: str) -> None:
    """Refuse leads without something that every one has to have.

    Raises:
        EvaluationError: If there are some.
    """
    found = frame[column]
    count = found.null_count() + (found.eq("").sum() if column == LEAD else 0)
    if count:
        rows = "1 row has" if count == 1 else f"{count} rows have"
        message = f"{name}: {rows} no {what}; expected one in every row"
        raise EvaluationError(message, field=name)


def _table(
    ordered: pl.DataFrame, told: Sequence[_Outcome], places: Sequence[int], policy: str | None
) -> nw.DataFrame[Any]:
    """Return the table of assignments, as one of polars."""
    import polars as pl  # noqa: PLC0415 - frames are an extra

    text = pl.String()
    schema = {name: pl.List(text) if name == "packages" else text for name in _Outcome._fields}
    outcomes = pl.DataFrame(told, schema=schema, orient="row")
    found = ordered.select(
        pl.col(LEAD).alias("lead_id"), pl.col(AT).cast(pl.Datetime("us", "UTC")).alias("time")
    ).hstack(outcomes[places])
    table = found.with_columns(
        pl.lit(None, text).alias("reason"), pl.lit(policy, text).alias("policy")
    )
    return nw.from_native(table, eager_only=True)
