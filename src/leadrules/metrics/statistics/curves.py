"""Curves: what share came there by when, if many are still on the way and others never will."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from statistics import NormalDist
from typing import TYPE_CHECKING, Self

from leadrules.errors import EvaluationError, as_written
from leadrules.metrics.arguments import microseconds
from leadrules.metrics.statistics.intervals import CONFIDENCE

if TYPE_CHECKING:
    import polars as pl

__all__ = ["AFTER", "ENDS", "LOST", "OPEN", "REACHED", "Chance", "Curve"]

AFTER, OPEN, REACHED, LOST = "after", "open", "reached", "lost"
ENDS = (REACHED, LOST, OPEN)
"""How following somebody ends: there; where nobody comes there from; or it has not ended yet."""
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_HOURS = (1, 2, 4, 8, 12, 24, 36, 48, 60)
_DAYS = (1, 2, 3, 7, 14, 30, 60, 90, 120, 180, 270, 365, 545, 730, 1095, 1460, 1825, 3650)
_EXACT = 1e-12
"""Shares are sums of quotients; nearer than this they are equal."""


@dataclass(frozen=True, slots=True)
class Chance:
    """What share came there within some time.

    Attributes:
        value: The share.
        low: The lower bound of its interval; None where nobody is left who could be followed.
        high: The upper bound.
        deviation: The standard deviation of the estimate.
        at_risk: How many are still followed after that time.
    """

    value: float
    low: float | None
    high: float | None
    deviation: float
    at_risk: int


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """What share came there by when, estimated from those who were followed for unequal times.

    Without any who are lost it is the estimate of Kaplan and Meier; with them that of Aalen and
    Johansen, in which who is lost never comes. Without any who are still on the way either is the
    plain ratio.

    Attributes:
        steps: One row for each time at which something ended, in order: `after` in microseconds,
            how many are followed up to it (`at_risk`), the counts `reached`, `lost` and `open` of
            how that ended, the `share` who came there by then, its `deviation`, `low` and `high`.

    Source:
        E. L. Kaplan, P. Meier, Nonparametric Estimation from Incomplete Observations, JASA 53
        (1958), 457-481; O. O. Aalen, S. Johansen, An empirical transition matrix for
        non-homogeneous Markov chains based on censored observations, Scand. J. Statist. 5 (1978),
        141-150. Its variance: G. E. Dinse, M. G. Larson, A note on semi-Markov models for
        partially censored data, Biometrika 73 (1986), 379-386; without lost ones it is that of
        Greenwood. Bands: complementary log-log of the share.

    Examples:
        >>> import polars as pl
        >>> day = 86_400_000_000
        >>> followed = pl.DataFrame({
        ...     "after": [2 * day, 4 * day, 5 * day, 9 * day],
        ...     "reached": [1, 0, 1, 0], "lost": [0, 0, 0, 0], "open": [0, 1, 0, 1],
        ... })
        >>> curve = Curve.of(followed)
        >>> curve.steps["share"].round(3).to_list()
        [0.25, 0.25, 0.625, 0.625]
        >>> curve.quantile(0.5), curve.within(timedelta(days=10))
        (datetime.timedelta(days=5), None)
    """

    steps: pl.DataFrame

    @classmethod
    def of(cls, *followed: pl.DataFrame) -> Self:
        """Return the curve of some who were followed.

        Args:
            followed: Tables of `after` how many microseconds, not below zero, following ended, of
                how many, and how: the counts `reached`, `lost` and `open`. The steps of other
                curves are such tables, so curves of parts make that of the whole.
        """
        import polars as pl  # noqa: PLC0415 - frames are an extra

        columns = dict.fromkeys((AFTER, *ENDS), pl.Int64)
        tables = (table.lazy().select(*columns).cast(pl.Int64) for table in followed)
        every = pl.concat([pl.LazyFrame(schema=columns), *tables])
        counts = every.group_by(AFTER).agg(pl.col(*ENDS).sum())
        return cls(_estimated(counts))

    def count(self, end: str) -> int:
        """Return of how many following ended so: `reached`, `lost` or `open`."""
        return int(self.steps[end].sum())

    @property
    def followed(self) -> int:
        """How many were followed."""
        return int(self.steps["at_risk"].item(0)) if len(self.steps) else 0

    @property
    def longest(self) -> timedelta:
        """For how long somebody was followed at most."""
        return timedelta(
            microseconds=self.steps.get_column(AFTER).item(-1) if len(self.steps) else 0
        )

    @property
    def is_complete(self) -> bool:
        """Whether nobody is left on the way at its end, so that nothing can follow."""
        return bool(len(self.steps)) and self.steps.row(-1, named=True)[OPEN] == 0

    def within(self, span: timedelta) -> Chance | None:
        """Return what share came there within some time.

        Returns:
            None if nobody has been followed for so long, and somebody is still on the way.
        """
        import polars as pl  # noqa: PLC0415 - frames are an extra

        if not len(self.steps) or (span > self.longest and not self.is_complete):
            return None
        before = self.steps.filter(pl.col(AFTER) <= microseconds(span))
        return _chance(before, self.followed)

    @property
    def last(self) -> Chance:
        """What share came there at the end, so far as anybody was followed; 0 if nobody was."""
        return _chance(self.steps, self.followed)

    def quantile(self, share: float, bound: str = "share") -> timedelta | None:
        """Return after how long so large a share had come there; None if it is not reached.

        Args:
            share: Above 0, at most 1.
            bound: `share`; or `low` or `high` for when the bound of the interval gets there.

        Raises:
            EvaluationError: If there is no such share.
        """
        import polars as pl  # noqa: PLC0415 - frames are an extra

        if not 0 < share <= 1:
            message = f"share: '{as_written(share)}' is not possible; expected above 0, up to 1"
            raise EvaluationError(message, field="share")
        found = self.steps.filter(pl.col(bound) >= share - _EXACT).get_column(AFTER)
        return timedelta(microseconds=found.item(0)) if len(found) else None

    @property
    def marks(self) -> Sequence[timedelta]:
        """Some round times, up to how long somebody was followed."""
        unit, marks = (_HOUR, _HOURS) if self.longest < 3 * _DAY else (_DAY, _DAYS)
        return [span for mark in marks if (span := mark * unit) <= self.longest]

    def thinned(self, most: int) -> pl.DataFrame:
        """Return at most so many steps at which the share rises, and the last, for a picture."""
        import polars as pl  # noqa: PLC0415 - frames are an extra

        rising = self.steps.filter((pl.col(REACHED) > 0) | (pl.int_range(pl.len()) == pl.len() - 1))
        every = -(-len(rising) // most)
        if every <= 1:
            return rising
        place = pl.int_range(pl.len())
        return rising.filter((place % every == every - 1) | (place == pl.len() - 1))


def _chance(steps: pl.DataFrame, followed: int) -> Chance:
    """Return what is known after the last of some steps."""
    if not len(steps):
        return Chance(0.0, None, None, 0.0, followed)
    row = steps.row(-1, named=True)
    left = row["at_risk"] - sum(row[end] for end in ENDS)
    return Chance(row["share"], row["low"], row["high"], row["deviation"], left)


def _estimated(counts: pl.LazyFrame) -> pl.DataFrame:
    """Return the steps of a curve from how many ended when."""
    import polars as pl  # noqa: PLC0415 - frames are an extra

    reached, lost = pl.col(REACHED), pl.col(LOST)
    ended, risk = reached + lost, pl.col("at_risk").cast(pl.Float64)
    gone = reached + lost + pl.col(OPEN)
    share, still = pl.col("share"), pl.col("still")
    # Who ends a time together with all others leaves nobody to tell how that varies.
    spread = pl.when(risk > ended).then(ended / (risk * (risk - ended))).otherwise(0.0)
    step = still * reached / risk**2
    own = still**2 * (risk - reached) * reached / risk**3
    variance = (
        share**2 * spread.cum_sum()
        - 2 * share * (spread * share).cum_sum()
        + (spread * share**2).cum_sum()
        + own.cum_sum()
        - 2 * (share * step.cum_sum() - (step * share).cum_sum())
    )
    deviation, rest = pl.col("deviation"), 1 - share
    known = (share > 0) & (rest > _EXACT)
    width = _z() * deviation / (rest * rest.log())  # negative, as the logarithm is
    return (
        counts.sort(AFTER)
        .with_columns(gone.sum().sub(gone.cum_sum()).add(gone).alias("at_risk"))
        .with_columns((1 - ended / risk).cum_prod().shift(1, fill_value=1.0).alias("still"))
        .with_columns((still * reached / risk).cum_sum().alias("share"))
        .with_columns(variance.clip(0.0).sqrt().alias("deviation"))
        .with_columns(
            pl.when(known).then(1 - rest.pow(width.exp())).alias("low"),
            pl.when(known).then(1 - rest.pow((-width).exp())).alias("high"),
        )
        .select(AFTER, "at_risk", *ENDS, "share", "deviation", "low", "high")
        .collect()
    )


@cache
def _z() -> float:
    """Return how many deviations the interval is wide to each side."""
    return NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
