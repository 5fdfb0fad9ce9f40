"""Ratios that know what they count: of what, when, for how long, by which entry, how surely."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from operator import index
from typing import Any, Literal

from leadrules.errors import EvaluationError, as_written, in_line, one_of
from leadrules.metrics.periods import Period
from leadrules.metrics.statistics.intervals import CONFIDENCE, wilson
from leadrules.values import duration_text, instant_of, instant_text

__all__ = ["Basis", "Ratio", "counted", "half_up", "json_value", "percent", "plural"]

Basis = Literal["cohort", "period", "snapshot"]
"""What is counted: those who came in a period, and what became of them (`cohort`); what happened
in a period, to whomever (`period`); how things are at its end (`snapshot`)."""
BASES: tuple[Basis, ...] = ("cohort", "period", "snapshot")

_ANY_DIGITS = Context(prec=400)
"""The digits of every float."""


def half_up(value: float, places: int) -> str:
    """Return a number with so many decimals, halves rounded away from zero, for display.

    Examples:
        >>> half_up(15.25, 1), half_up(0.125, 2), half_up(-0.5, 0)
        ('15.3', '0.13', '-1')
        >>> half_up(-0.04, 1)
        '0.0'
    """
    found = Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _ANY_DIGITS)
    return f"{found or abs(found):,}"  # there is no -0.0


def percent(numerator: int, denominator: int, places: int = 1) -> str:
    """Return a share in percent, rounded half up from the exact quotient.

    Examples:
        >>> percent(842, 8000), percent(1, 3), percent(1, 8, places=0)
        ('10.5', '33.3', '13')
    """
    scale = 100 * 10**places
    rounded = (2 * numerator * scale + denominator) // (2 * denominator)
    return f"{Decimal(rounded).scaleb(-places):,}"


def counted(count: int, unit: str) -> str:
    """Return how many of a unit there are.

    Examples:
        >>> counted(1, "lead"), counted(8000, "opportunity")
        ('1 lead', '8,000 opportunities')
    """
    return f"1 {unit}" if count == 1 else f"{count:,} {plural(unit)}"


def plural(unit: str) -> str:
    """Return what several of a unit are called.

    Examples:
        >>> plural("lead"), plural("entry"), plural("day"), plural("touch")
        ('leads', 'entries', 'days', 'touches')
    """
    if unit.endswith("y") and not unit.endswith(("ay", "ey", "oy")):
        return f"{unit[:-1]}ies"
    return f"{unit}es" if unit.endswith(("s", "x", "ch", "sh")) else f"{unit}s"


@dataclass(frozen=True, slots=True)
class Ratio:
    """A part of a whole, with all that one must know to read it.

    It prints itself in full. Ratios are added, and ordered by `<`, only if they are alike: of one
    name, unit, basis, period, window, entry, kind and confidence. The parts of a whole, such as the
    owners of leads, add up to it.

    Attributes:
        name: What is measured, such as `quote_to_close`.
        numerator: How many.
        denominator: Of how many.
        unit: What is counted: `lead`, `contact`, `account`, `opportunity`, or `entry` if each
            entry counts.
        basis: Whether those who came in the period are followed, or what happened in it is counted.
        period: The period.
        window: How long each of the denominator had; None is up to the moment of the evaluation.
        entry: Which entry into a stage counts if a lead was there several times.
        censored: How many of the denominator have not got there, and have not had the window yet;
            or, without a window, are such that nobody knows what became of them.
        is_subset: Whether the numerator is a part of the denominator; if not, there is no interval,
            and it may be above 1.
        group: What the leads have in common, by dimension; empty for all of them.
        confidence: How sure the interval is.

    Raises:
        EvaluationError: If a count is negative, another value is not possible, or the numerator is
            larger than the denominator of which it is said to be a part.

    Examples:
        >>> from datetime import UTC, datetime
        >>> year = Period.of("2017-06-14 to 2018-05-31")
        >>> won = Ratio("mql_to_won", 842, 8000, period=year)
        >>> print(won)  # doctest: +NORMALIZE_WHITESPACE
        842 of 8,000 leads (10.5 %, 95 % CI 9.9 to 11.2), cohort 2017-06-14 to 2018-05-31,
        first entry, 0 censored
    """

    name: str
    numerator: int
    denominator: int
    unit: str = "lead"
    basis: Basis = "cohort"
    period: Period | None = None
    window: timedelta | None = None
    entry: str = "first"
    censored: int = 0
    is_subset: bool = True
    group: Mapping[str, Any] = field(default_factory=dict, hash=False)
    confidence: float = CONFIDENCE

    def __post_init__(self) -> None:
        for name in ("numerator", "denominator", "censored"):
            object.__setattr__(self, name, _count(getattr(self, name), name))
        if self.basis not in BASES:
            message = f"basis: '{as_written(self.basis)}' is not possible; expected {one_of(BASES)}"
            raise EvaluationError(message, field="basis")
        if not isinstance(self.period, Period | None):
            message = f"period: '{as_written(self.period)}' is no Period; expected Period.of(...)"
            raise EvaluationError(message, field="period")
        if self.is_subset and self.numerator > self.denominator:
            message = (
                f"{self.name}: {self.numerator:,} of {self.denominator:,} cannot be; the numerator "
                "is no part of the denominator; say is_subset=False if that is meant"
            )
            raise EvaluationError(message, field=self.name)
        if not 0 < self.confidence < 1:
            message = f"confidence: {self.confidence} is not possible; expected between 0 and 1"
            raise EvaluationError(message, field="confidence")

    @property
    def value(self) -> float | None:
        """The quotient; None, which is undefined, if nothing is in the denominator."""
        return self.numerator / self.denominator if self.denominator else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The Wilson interval of the share; None if it is undefined, or no share of a whole."""
        if not self.denominator or not self.is_subset:
            return None
        return wilson(self.numerator, self.denominator, self.confidence)

    def __str__(self) -> str:
        of = f"{_of_group(self.group)}: " if self.group else ""
        parts = [
            f"{of}{self.numerator:,} of {counted(self.denominator, self.unit)} ({self._share()})",
            *([f"{self.basis} {self.period}"] if self.period else []),
            *([f"within {_long(self.window)}"] if self.window else []),
            f"{self.entry} entry",
            f"{self.censored:,} censored",
        ]
        return ", ".join(parts)

    def _share(self) -> str:
        if not self.denominator:
            return "undefined"
        share = f"{percent(self.numerator, self.denominator)} %"
        interval = self.interval
        if interval is None:
            return f"{share}, {_KINDS[False]}"
        low, high = (half_up(100 * bound, 1) for bound in interval)
        return f"{share}, {half_up(100 * self.confidence, 0)} % CI {low} to {high}"

    def _repr_html_(self) -> str:
        from html import escape  # noqa: PLC0415 - only in a notebook

        return f"<div><b>{escape(in_line(self.name))}</b> {escape(in_line(str(self)))}</div>"

    def __add__(self, other: object) -> Ratio:
        if not isinstance(other, Ratio):
            return NotImplemented
        self._demand_alike(other, "added")
        if self.group and self.group == other.group:
            message = f"{self.name}: both are of {_of_group(self.group)}; they cannot be added"
            raise EvaluationError(message, field=self.name)
        common = self.group.keys() & other.group.keys()
        return replace(
            self,
            numerator=self.numerator + other.numerator,
            denominator=self.denominator + other.denominator,
            censored=self.censored + other.censored,
            group={
                x: self.group[x]
                for x in self.group
                if x in common and self.group[x] == other.group[x]
            },
        )

    def __lt__(self, other: object) -> bool:
        order = self._order(other)
        return NotImplemented if order is None else order < 0

    def __le__(self, other: object) -> bool:
        order = self._order(other)
        return NotImplemented if order is None else order <= 0

    def __gt__(self, other: object) -> bool:
        order = self._order(other)
        return NotImplemented if order is None else order > 0

    def __ge__(self, other: object) -> bool:
        order = self._order(other)
        return NotImplemented if order is None else order >= 0

    def _order(self, other: object) -> int | None:
        """Return a number below, at or above zero, as the ratio is before the other or after."""
        if not isinstance(other, Ratio):
            return None
        self._demand_alike(other, "compared")
        if not self.denominator or not other.denominator:
            message = f"{self.name}: undefined, since nothing is in the denominator; cannot compare"
            raise EvaluationError(message, field=self.name)
        return self.numerator * other.denominator - other.numerator * self.denominator

    def _demand_alike(self, other: Ratio, what: str) -> None:
        for name in _ALIKE:
            one, two = getattr(self, name), getattr(other, name)
            if one != two:
                called = "kind" if name == "is_subset" else name
                message = (
                    f"{self.name}: ratios of another {called} cannot be {what}: "
                    f"'{_told(one)}' and '{_told(two)}'"
                )
                raise EvaluationError(message, field=self.name)

    def to_dict(self) -> dict[str, Any]:
        """Return it as data that JSON can hold."""
        low, high = self.interval or (None, None)
        period = self.period
        return {
            "name": self.name,
            **({"group": {x: json_value(y) for x, y in self.group.items()}} if self.group else {}),
            "numerator": self.numerator,
            "denominator": self.denominator,
            "value": self.value,
            "low": low,
            "high": high,
            "confidence": self.confidence,
            "unit": self.unit,
            "basis": self.basis,
            "start": period and period.start.isoformat(),
            "end": period and period.end.isoformat(),
            "zone": period and period.zone,
            "window": None if self.window is None else _long(self.window),
            "entry": self.entry,
            "censored": self.censored,
            "is_subset": self.is_subset,
        }


def _count(value: Any, name: str) -> int:
    """Return a count, also one of numpy, as an integer of Python."""
    try:
        count = -1 if isinstance(value, bool) else index(value)
    except TypeError:
        count = -1
    if count < 0:
        message = f"{name}: '{as_written(value)}' is no count; expected 0 or more"
        raise EvaluationError(message, field=name)
    return count


_ALIKE = ("name", "unit", "basis", "period", "window", "entry", "is_subset", "confidence")
"""In what two ratios have to agree to be added or compared."""
_KINDS = {True: "a part of the whole", False: "no part of the whole"}


def _long(window: timedelta) -> str:
    return duration_text(window // timedelta(microseconds=1))


def _told(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return _KINDS[value]
        case timedelta():
            return _long(value)
    return in_line(str(value))


def _of_group(group: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{in_line(name)} {'(none)' if value is None else in_line(str(value))}"
        for name, value in group.items()
    )


def json_value(value: Any) -> Any:
    """Return a value as JSON can hold it: a moment as text in UTC, what else it has not as text.

    Examples:
        >>> from datetime import UTC, date, datetime
        >>> json_value(datetime(2026, 3, 1, tzinfo=UTC)), json_value(date(2026, 3, 1))
        ('2026-03-01T00:00:00+00:00', '2026-03-01')
    """
    if isinstance(value, datetime) and value.tzinfo is not None:
        return instant_text(instant_of(value))
    return value if isinstance(value, str | int | float | None) else str(value)
