"""Many histories at once: the visits of leads to stages, from a frame of events."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from leadrules.errors import EvaluationError
from leadrules.events import KINDS
from leadrules.frames import open_events, open_frame
from leadrules.frames.events import ID, KIND, TIME, said
from leadrules.frames.kinds import like
from leadrules.frames.opening import LEAD
from leadrules.values import Type
from leadrules.vocabulary import Vocabulary

if TYPE_CHECKING:
    import polars as pl

__all__ = ["entries_of_frame"]

_TOLD = ("by", "reason", "policy")
"""What an entry repeats of the move."""
_SAID = ("to", "from", "of", *_TOLD)
_BEGAN, _MOVED, _ARISES, _AGAIN = "began", "moved", "arises", "again"


def entries_of_frame(
    events: Any,
    leads: Any,
    *,
    stages: Collection[str],
    vocabulary: Vocabulary,
    at: int | None,
) -> Any:
    """Return the table `entries` of the leads that a frame of events is about.

    Only moves change the stage of a lead. Of other events it matters which is the first.

    Args:
        events: The frame of events.
        leads: A frame of leads with the moments at which they arose, or None.
        stages: The stages of the policy; leads arise in the first.
        vocabulary: The fields of the policy.
        at: The moment to which leads are followed, in microseconds; None is the end of time.

    Raises:
        EvaluationError: If a column is absent or of a wrong type, or what has one id differs.
    """
    import polars as pl  # noqa: PLC0415 - frames are an extra

    opened = None
    created = pl.DataFrame(schema={LEAD: pl.String, _BEGAN: pl.Int64})
    if leads is not None:
        opened = open_frame(
            leads, ["created"], vocabulary=vocabulary, texts={LEAD: ("lead_id", "id")}
        )
        arose = opened.frame.select(nw.col(LEAD), opened.fields["created"][0].alias(_BEGAN))
        created = _one_each(arose.collect("polars").to_native())
    history = open_events(events, opened, properties={}, says=dict.fromkeys(_SAID, Type.STRING))
    read = [LEAD, ID, TIME, KIND, *(said(name) for name in _SAID if name in history.says)]
    facts = _standing(history.frame.select(*read).collect("polars").to_native(), at)
    found = _entries(facts, created, tuple(stages), at)
    return like(nw.from_native(found, eager_only=True), events)


def _one_each(leads: pl.DataFrame) -> pl.DataFrame:
    """Return when each lead arose, of those of which that is known.

    Raises:
        EvaluationError: If two rows of a lead differ in it.
    """
    import polars as pl  # noqa: PLC0415 - frames are an extra

    found = leads.filter(pl.col(LEAD) != "", pl.col(_BEGAN).is_not_null()).unique()
    twice = found.filter(pl.col(LEAD).is_duplicated())[LEAD]
    if len(twice):
        lead: str = twice.sort()[0]
        message = f"created: two rows of lead '{lead}' differ in it; a lead arises once"
        raise EvaluationError(message, field="created", lead_id=lead)
    return found


def _standing(events: pl.DataFrame, at: int | None) -> pl.DataFrame:
    """Return the moves that have happened and stand, and what came first, by lead, time and id.

    Raises:
        EvaluationError: If two that differ have the same id.
    """
    import polars as pl  # noqa: PLC0415 - frames are an extra

    absent = [said(name) for name in _SAID if said(name) not in events.columns]
    events = events.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)
    moves, takes_back = pl.col(KIND) == "moved", pl.col(KIND) == "retraction"
    found = events.filter(
        pl.col(KIND).is_in([*KINDS]),
        ~moves | pl.col(said("to")).is_not_null(),
        ~takes_back | pl.col(said("of")).is_not_null(),
    ).with_columns(pl.struct(LEAD, ID).is_duplicated().alias(_AGAIN))
    repeated = found.filter(_AGAIN).unique()
    twice = repeated.filter(pl.struct(LEAD, ID).is_duplicated()).sort(LEAD, ID)
    if len(twice):
        lead, event = twice.row(0)[:2]
        message = f"event '{event}': another event has this id; ids are unique for a lead"
        raise EvaluationError(f"events: {message}", field="id", lead_id=str(lead))
    found = pl.concat([found.filter(~pl.col(_AGAIN)), repeated]).drop(_AGAIN)
    if at is not None:
        found = found.filter(pl.col(TIME) <= at)
    retracted = found.filter(takes_back).select(LEAD, pl.col(said("of")).alias(ID)).unique()
    found = found.filter(~takes_back).join(retracted, on=[LEAD, ID], how="anti")
    return found.filter(moves | (pl.col(TIME) == pl.col(TIME).min().over(LEAD))).sort(
        LEAD, TIME, moves, ID
    )


def _entries(
    facts: pl.DataFrame, created: pl.DataFrame, stages: tuple[str, ...], at: int | None
) -> pl.DataFrame:
    """Return the visits of leads, from their facts in order and when they arose."""
    import polars as pl  # noqa: PLC0415 - frames are an extra

    to, told = said("to"), [said(name) for name in _TOLD]
    if at is not None:
        happened = facts[LEAD].unique().to_list()
        created = created.filter((pl.col(_BEGAN) <= at) | pl.col(LEAD).is_in(happened))
    began = pl.min_horizontal(_BEGAN, TIME).alias(_BEGAN)
    moves, is_known = facts.filter(pl.col(KIND) == "moved"), pl.col(to).is_in(stages)
    firsts = moves.unique(LEAD, keep="first", maintain_order=True).with_columns(
        pl.col(TIME).alias(_MOVED)
    )
    earliest = facts.group_by(LEAD).agg(pl.col(TIME).min())
    leads = (
        created.join(earliest, on=LEAD, how="full", coalesce=True)
        .with_columns(began)
        .join(firsts.drop(TIME), on=LEAD, how="left")
    )
    arises = (pl.col(_MOVED) == pl.col(_BEGAN)) & pl.col(said("from")).is_null() & is_known
    leads = leads.with_columns(arises.fill_null(value=False).alias(_ARISES))
    origins = leads.select(
        LEAD,
        pl.when(_ARISES).then(to).otherwise(pl.lit(stages[0])).alias(to),
        pl.col(_BEGAN).alias(TIME),
        *(pl.when(_ARISES).then(name).alias(name) for name in told),
    )
    moves = moves.filter(is_known).select(LEAD, to, TIME, *told)
    # A stable sort by lead: first where it arose, then its moves, which are in order.
    visits = pl.concat([origins, moves]).sort(LEAD, maintain_order=True)
    visits = visits.filter((pl.col(to) != pl.col(to).shift().over(LEAD)).fill_null(value=True))
    moment = pl.Datetime("us", "UTC")
    return visits.select(
        pl.col(LEAD).alias("lead_id"),
        pl.col(to).alias("stage"),
        pl.col(TIME).cast(moment).alias("entered"),
        pl.col(TIME).shift(-1).over(LEAD).cast(moment).alias("left"),
        pl.col(to).cum_count().over(LEAD, to).cast(pl.Int64).alias("entry_no"),
        *(pl.col(said(name)).alias(name) for name in _TOLD),
    )
