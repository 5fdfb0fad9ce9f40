"""Measures of ten events a lead: the funnel, speed to lead and a survival curve, beside queries."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from time import process_time
from typing import Any

import polars as pl

from benchmarks.own_process import in_own_process, measure, mib
from benchmarks.report import at_least, table
from benchmarks.timing import once
from leadrules.metrics import Measures, funnel, speed_to_lead, time_to

__all__ = ["ENGINES", "MEASURES", "asked", "measured", "run"]

LEADS, EACH = 1_000_000, 10
RATE = 0.5
"""How fast it should be, at least, beside what is written by hand."""
START, AT = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC)
PATH = ("inquiry", "mql", "sql", "proposal", "won")
WORDS = Measures.model_validate(
    {"path": PATH, "funnel": {"sales_ready": "mql", "close": "won"}, "lost": ["lost"]}
)
MEASURES, ENGINES, WAYS = ("funnel", "speed", "survival"), ("polars", "duckdb"), ("ours", "hand")
CALLS = 50, 25
"""Of a hundred events, how many are touches, and how many of those go out."""
_DAY = 86_400_000_000


def run(*, quick: bool = False) -> None:
    leads = 1_000 if quick else LEADS
    lines = []
    for name in MEASURES:
        for engine in ENGINES:
            found = {way: _told(f"{name}-{engine}-{way}", leads) for way in WAYS}
            ours, hand = found["ours"], found["hand"]
            assert ours["result"] == hand["result"], (name, engine, ours, hand)
            rate = hand["processor"] / ours["processor"]
            lines.append(
                [
                    f"{name}, {engine}",
                    *(f"{found[way]['processor']:.2f}" for way in WAYS),
                    f"{leads * EACH / ours['processor'] / 1e6:.1f}",
                    f"{rate:.2f}",
                    at_least(rate, RATE),
                    *(mib(_taken(found[way])) for way in WAYS),
                ]
            )
    table(
        f"Measures of {leads * EACH:,} events of {leads:,} leads",
        [
            "measure, processor time",
            "s",
            "by hand s",
            "million/s",
            "rate",
            "target",
            "MiB",
            "by hand MiB",
        ],
        lines,
        [
            "Each in a process of its own, the best of three, all threads; the results are equal.",
            "By hand: group_by or SQL that does this and nothing else, and one cumulative product.",
            "Memory: what the work adds at its peak to the tables that it reads.",
        ],
    )


def _told(form: str, leads: int) -> dict[str, Any]:
    return in_own_process("benchmarks.metrics", form, leads)


def _taken(found: dict[str, Any]) -> int | None:
    return None if found["peak"] is None else found["peak"] - found["before"]


def measured(form: str, leads: int) -> dict[str, Any]:
    """Return what a measure takes by an engine, and what it says."""
    name, engine, way = form.split("-")
    work = asked(name, engine, way, leads)
    turns = 1 if leads < LEADS else 3
    seconds = min(once(work, clock=process_time)[0] for _ in range(turns))
    return {**measure(work, 1), "processor": seconds, "result": work()}


def asked(name: str, engine: str, way: str, leads: int) -> Callable[[], Any]:
    """Return the work of a measure; it gives what can be compared."""
    tables = {"leads": came(leads), "rows": touches(leads) if name == "speed" else moves(leads)}
    if engine == "polars":
        return _ours(name, tables) if way == "ours" else _by_polars(name, tables)
    import duckdb  # noqa: PLC0415 - only where it is asked for

    connection = duckdb.connect()
    for key, frame in tables.items():
        connection.from_arrow(frame.to_arrow()).create(key)
    if way == "ours":
        return _ours(name, {key: connection.table(key) for key in tables})
    return _by_duckdb(name, connection)


# --- tables


def _rows(leads: int) -> pl.LazyFrame:
    number = pl.int_range(leads * EACH, dtype=pl.Int64)
    chance = number.hash(seed=7) % 100
    lead = number // EACH
    moment = pl.lit(START) + pl.duration(
        hours=(lead.hash(seed=3) % 6_000).cast(pl.Int64) + (number % EACH) * 70,
        seconds=(number.hash(seed=5) % 200_000).cast(pl.Int64),
    )
    return pl.select(lead_id=_id(lead), chance=chance, moment=moment).lazy()


def _id(lead: pl.Expr) -> pl.Expr:
    return pl.lit("lead-") + lead.cast(pl.String).str.zfill(8)


def came(leads: int) -> pl.DataFrame:
    """Return the leads, each with when it was created."""
    lead = pl.int_range(leads, dtype=pl.Int64)
    hours = (lead.hash(seed=3) % 6_000).cast(pl.Int64)
    return pl.select(lead_id=_id(lead), created=pl.lit(START) + pl.duration(hours=hours))


def moves(leads: int) -> pl.DataFrame:
    """Return ten entries of each lead, into stages by chance, some early and some late."""
    stage = pl.lit("nurture")
    edges = (96, "lost"), (90, "won"), (88, "proposal"), (80, "sql"), (65, "mql"), (40, "inquiry")
    for edge, name in edges:
        stage = pl.when(pl.col("chance") < edge).then(pl.lit(name)).otherwise(stage)
    return _rows(leads).select("lead_id", stage=stage, entered="moment").collect()


def touches(leads: int) -> pl.DataFrame:
    """Return ten events of each lead, of which few are calls by a person."""
    chance = pl.col("chance")
    return (
        _rows(leads)
        .select(
            "lead_id",
            time="moment",
            kind=pl.when(chance < CALLS[0]).then(pl.lit("touch")).otherwise(pl.lit("activity")),
            direction=pl.when(chance < CALLS[1])
            .then(pl.lit("outbound"))
            .otherwise(pl.lit("inbound")),
            automatic=chance % 3 == 0,
        )
        .collect()
    )


# --- as it is


def _ours(name: str, tables: dict[str, Any]) -> Callable[[], Any]:
    rows = tables["rows"]
    given: dict[str, Any] = {"measures": WORDS, "at": AT}
    if name == "funnel":
        return lambda: [step.count for step in funnel(rows, **given)]
    if name == "speed":

        def speed() -> Any:
            found = speed_to_lead(tables["leads"], rows, **given).total
            return [found.leads, _micros(found.median)]

        return speed

    def survival() -> Any:
        found = time_to(rows, of="mql", to="won", **given)
        chance = found.within(timedelta(days=90))
        value = None if chance is None else round(chance.value, 9)
        return [found.count, found.reached, found.lost, value]

    return survival


def _micros(span: timedelta | None) -> int | None:
    return None if span is None else span // timedelta(microseconds=1)


# --- by hand


def _by_polars(name: str, tables: dict[str, pl.DataFrame]) -> Callable[[], Any]:
    rows, leads = tables["rows"].lazy(), tables["leads"].lazy()
    stage, entered, at = pl.col("stage"), pl.col("entered"), pl.lit(AT)

    def moments() -> pl.LazyFrame:
        found = (
            rows.filter(entered <= at)
            .select(
                "lead_id",
                *(pl.when(stage == name).then(entered).alias(name) for name in PATH),
                lost=pl.when(stage == "lost").then(entered),
                other=pl.when(stage != "lost").then(entered),
            )
            .group_by("lead_id")
            .agg(pl.col(*PATH).min(), pl.col("lost", "other").max())
        )
        return found.with_columns(
            pl.coalesce(name, pl.min_horizontal(*PATH[place:]))
            for place, name in enumerate(PATH[:-1])
        )

    def by_steps() -> Any:
        found = moments().filter(pl.col(PATH[0]).is_not_null())
        return list(found.select(pl.col(*PATH).is_not_null().sum()).collect().row(0))

    def by_calls() -> Any:
        time = pl.col("time")
        called = (pl.col("kind") == "touch") & (pl.col("direction") == "outbound")
        first = (
            rows.filter(called, ~pl.col("automatic"), time <= at)
            .join(leads, on="lead_id")
            .filter(time >= pl.col("created"))
            .group_by("lead_id")
            .agg(time.min())
        )
        waited = leads.filter(pl.col("created") <= at).join(first, on="lead_id", how="left")
        return _waited(waited.select("created", "time").collect())

    def by_curve() -> Any:
        of, to, lost = pl.col("mql"), pl.col("won"), pl.col("lost")
        gone = pl.when(lost >= pl.col("other").fill_null(lost)).then(lost)
        found = moments().filter(of.is_not_null()).select(of="mql", to=to, gone=gone)
        return _survived(found.collect())

    return {"funnel": by_steps, "speed": by_calls, "survival": by_curve}[name]


def _waited(found: pl.DataFrame) -> list[Any]:
    """Return how many leads there are, and their median wait."""
    end = pl.col("time").fill_null(pl.lit(AT)) - pl.col("created")
    there = pl.col("time").is_not_null()
    steps = _curve(found.select(after=end.dt.total_microseconds(), reached=there, lost=False))
    half = steps.filter(pl.col("share") >= 0.5 - 1e-12)["after"]
    return [len(found), half.item(0) if len(half) else None]


def _survived(found: pl.DataFrame) -> list[Any]:
    """Return the counts of a curve, and the share after 90 days."""
    to, gone, of = pl.col("to"), pl.col("gone"), pl.col("of")
    end = pl.coalesce(to, gone, pl.lit(AT)) - of
    flags = found.select(
        after=end.dt.total_microseconds().clip(0),
        reached=to.is_not_null(),
        lost=to.is_null() & gone.is_not_null(),
    )
    steps = _curve(flags)
    share = steps.filter(pl.col("after") <= 90 * _DAY)["share"].item(-1)
    return [len(found), int(flags["reached"].sum()), int(flags["lost"].sum()), round(share, 9)]


def _curve(flags: pl.DataFrame) -> pl.DataFrame:
    counts = flags.group_by("after").agg(pl.len(), pl.col("reached", "lost").sum()).sort("after")
    risk = pl.col("len").sum() - pl.col("len").cum_sum() + pl.col("len")
    ended = (pl.col("reached") + pl.col("lost")) / risk
    still = (1 - ended).cum_prod().shift(1, fill_value=1.0)
    return counts.with_columns(share=(still * pl.col("reached") / risk).cum_sum())


def _by_duckdb(name: str, connection: Any) -> Callable[[], Any]:
    firsts = ", ".join(f"min(entered) filter (stage = '{x}') as {x}" for x in PATH)
    filled = ", ".join(
        f"coalesce({x}, least({', '.join(PATH[place + 1 :])})) as {x}"
        for place, x in enumerate(PATH[:-1])
    )
    moments = f"""
        select lead_id, {filled}, won, lost, other from (
            select lead_id, {firsts}, max(entered) filter (stage = 'lost') as lost,
                max(entered) filter (stage <> 'lost') as other
            from rows where entered <= $at group by lead_id)
    """  # noqa: S608 - our own names, as below
    counts = ", ".join(f"count({x})" for x in PATH)
    queries = {
        "funnel": f"select {counts} from ({moments}) where inquiry is not null",  # noqa: S608
        "speed": """
            select any_value(created) as created, min(time) as time from leads left join (
                select lead_id, time from rows where kind = 'touch' and direction = 'outbound'
                and not automatic and time <= $at) as calls
            on leads.lead_id = calls.lead_id and time >= created
            where created <= $at group by leads.lead_id
        """,
        "survival": f"""
            select mql as of, won as to,
                case when lost >= coalesce(other, lost) then lost end as gone
            from ({moments}) where mql is not null
        """,  # noqa: S608
    }
    query = queries[name]

    def work() -> Any:
        found = pl.DataFrame(connection.sql(query, params={"at": AT}).to_arrow_table())
        if name == "funnel":
            return list(found.row(0))
        utc = found.with_columns(pl.all().dt.convert_time_zone("UTC"))
        return _waited(utc) if name == "speed" else _survived(utc)

    return work


def main(arguments: Sequence[str]) -> None:
    form, leads = arguments
    print(json.dumps(measured(form, int(leads))))


if __name__ == "__main__":
    main(sys.argv[1:])
