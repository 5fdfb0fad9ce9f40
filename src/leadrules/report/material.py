"""What a report is made of: the tables of a process, and what is asked of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import narwhals.stable.v2 as nw

from leadrules.calendars import Timekeeper
from leadrules.errors import EvaluationError, did_you_mean
from leadrules.frames.kinds import as_polars, recognised
from leadrules.lifecycle.duties import obligations_of_frame
from leadrules.lifecycle.facts import facts_of
from leadrules.lifecycle.machine import StageMachine
from leadrules.metrics import Measures, Period
from leadrules.metrics.arguments import demand_period
from leadrules.metrics.conversions import spanned
from leadrules.metrics.statistics.intervals import statistics
from leadrules.metrics.tables import by_of
from leadrules.scoring.scorer import Scorer
from leadrules.values import instant_of, moment_of

if TYPE_CHECKING:
    import polars as pl

    from leadrules.policy import Policy

__all__ = ["Material", "material_of"]

Found = TypeVar("Found")
_ADDED = ("owner", "stage", "band")
"""What the policy knows of leads, and a frame of leads may not have."""


@dataclass(frozen=True, slots=True)
class Material:
    """The tables of a process, of one kind, and what is asked of them.

    Attributes:
        policy: The policy.
        machine: The machine of its stages.
        measures: What its words mean.
        at: The moment; later rows are not known yet.
        period: Which leads and events are meant.
        is_whole: Whether nobody asked for a period, and all there is is meant.
        by: The dimensions, the coarsest first.
        leads: The leads, with `owner`, `stage` and `band` as of the moment.
        events: What happened to them.
        entries: Their entries into stages.
        obligations: What was owed to them.
        costs: What programmes cost, if anybody says it.
        missing: What could not be measured, and why.
    """

    policy: Policy
    machine: StageMachine
    measures: Measures
    at: datetime
    period: Period
    is_whole: bool
    by: tuple[str, ...]
    leads: pl.DataFrame
    events: pl.DataFrame
    entries: pl.DataFrame
    obligations: pl.DataFrame
    costs: pl.DataFrame | None = None
    missing: list[str] = field(default_factory=list)

    def tried(
        self, name: str, measure: Callable[..., Found], *tables: Any, **asked: Any
    ) -> Found | None:
        """Return what a measure gives, or None if it cannot be measured, which is noted.

        Args:
            name: What the note calls it.
            measure: The measure.
            *tables: Its tables.
            **asked: What else it is asked, beside the measures and the moment.
        """
        try:
            return measure(*tables, measures=self.measures, at=self.at, **asked)
        except EvaluationError as error:
            self.missing.append(f"{name}: {error}")
            return None

    def noted(self) -> tuple[str, ...]:
        """Return what could not be measured since it was last asked."""
        found = tuple(self.missing)
        self.missing.clear()
        return found

    def has(self, *columns: str) -> tuple[str, ...]:
        """Return those of some columns that say something of any lead."""
        names = self.leads.columns
        return tuple(
            x for x in columns if x in names and self.leads[x].null_count() < len(self.leads)
        )

    @property
    def clock(self) -> tuple[timedelta | None, Timekeeper | None, str]:
        """How long the first attempt may take by the policy, by whose hours, and from when on.

        It is `created`, or the stage from whose entry its clock runs; else that of the prospects.
        """
        lifecycle = self.machine.lifecycle
        hours = lifecycle.hours
        office = (
            Timekeeper(self.policy.calendars[hours.default], zone=self.policy.policy.zone)
            if hours
            else None
        )
        usual = self.measures.steps.get("prospect", "created")
        stages = {f"entered.{x}": x for x in (*self.measures.order, *self.measures.closed)}
        units: Mapping[str, Timekeeper | None] = {"real": None, "business": office}
        for clock in lifecycle.clocks.values():
            limit = clock.within
            if clock.to == "first_attempt" and limit.unit in units:
                since = {"created": "created", **stages}.get(clock.from_, usual)
                return timedelta(microseconds=limit.amount), units[limit.unit], since
        return None, office, usual


def material_of(  # noqa: PLR0913 - the parts of the engine, and what it was asked
    policy: Policy,
    machine: StageMachine,
    scorer: Scorer | None,
    leads: Any,
    events: Any,
    *,
    at: datetime,
    period: Period | str | None,
    by: str | Sequence[str] | None,
    costs: Any,
) -> Material:
    """Return the tables of a process, from leads and what happened to them.

    Args:
        policy: The policy.
        machine: The machine of its stages.
        scorer: Its scorer, if it scores.
        leads: As of `Engine.report`.
        events: As of `Engine.report`.
        at: As of `Engine.report`.
        period: As of `Engine.report`.
        by: As of `Engine.report`.
        costs: As of `Engine.report`.

    Raises:
        EvaluationError: If a column is absent or of a wrong type, a dimension is none, there
            are no leads by that moment, or a package is not installed.
    """
    statistics()  # a chapter is not to be missing for want of a package
    moment, measures = moment_of(at), policy.measures
    days = demand_period(period, measures)
    people, happened = _collected(leads, "leads"), _collected(events, "events")
    entries = machine.replay_frame(happened, leads=people, at=at)
    if entries.is_empty():
        message = "leads: none had arisen by then; expected at least one"
        raise EvaluationError(message, field="leads")
    groups = by_of(by)
    beside = _beside(people, happened, entries, machine, scorer, at=at, banded="band" in groups)
    for name in groups:
        if name not in beside.columns:
            message = f"by: the leads have no column '{name}'{did_you_mean(name, beside.columns)}"
            raise EvaluationError(message, field="by")
    first, last = entries["entered"].min(), entries["entered"].max()
    return Material(
        policy,
        machine,
        measures,
        at,
        days or spanned([instant_of(first)], [max(moment, instant_of(last))], measures.in_zone),  # type: ignore[arg-type]  # there are entries
        days is None,
        groups,
        beside,
        happened,
        entries,
        obligations_of_frame(machine, people, events=happened, at=at),
        None if costs is None else _collected(costs, "costs"),
    )


def _collected(frame: Any, name: str) -> pl.DataFrame:
    native = recognised(frame, name)
    try:
        if isinstance(native, nw.DataFrame):
            native = as_polars(native, native.columns)
    except EvaluationError as error:
        raise EvaluationError(f"{name}: {error}", field=error.field) from None
    found: pl.DataFrame = native.collect("polars").to_native()
    return found


def _beside(  # noqa: PLR0913 - what says where leads are
    leads: pl.DataFrame,
    events: pl.DataFrame,
    entries: pl.DataFrame,
    machine: StageMachine,
    scorer: Scorer | None,
    *,
    at: datetime,
    banded: bool,
) -> pl.DataFrame:
    """Return leads with their owner, stage and band as of a moment."""
    import polars as pl  # noqa: PLC0415 - frames are an extra

    key = "lead_id" if "lead_id" in leads.columns else "id"
    facts, _ = facts_of(
        events, lifecycle=machine.lifecycle, vocabulary=machine.vocabulary, at=moment_of(at)
    )
    owners = {
        lead: next((x.properties["owner"] for x in reversed(own) if x.kind == "assigned"), None)
        for lead, own in facts.items()
        if any(x.kind == "assigned" for x in own)
    }
    stages = dict(
        entries.group_by("lead_id", maintain_order=True).agg(pl.col("stage").last()).rows()
    )
    ids = leads[key].cast(pl.String).to_list()
    own = leads["owner"].to_list() if "owner" in leads.columns else [None] * len(leads)
    told = [owners.get(lead, name) for lead, name in zip(ids, own, strict=True)]
    found = leads.with_columns(
        pl.Series("owner", told, pl.String),
        pl.Series("stage", [stages.get(lead) for lead in ids], pl.String),
    )
    if banded and scorer is not None and scorer.scoring.bands is not None:
        scored = scorer.score_frame(leads, events=events, at=at)
        found = found.with_columns(scored["band"])
    return found
