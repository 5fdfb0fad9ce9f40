"""How sentences of a report say ratios and durations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from leadrules.metrics import Ratio
from leadrules.metrics.ratio import counted, half_up, percent

__all__ = ["came_to", "from_to", "joined", "share_of", "span_of"]

_CAME: Mapping[str, str] = {
    "prospect": "showed interest",
    "sales_ready": "became sales-ready",
    "quote": "got a quote",
    "close": "bought",
}
_CALLED: Mapping[str, str] = {"sales_ready": "sales-ready", "close": "sale"}

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def share_of(ratio: Ratio) -> str:
    """Return a ratio with its interval, without what a chapter says of all.

    Examples:
        >>> share_of(Ratio("won", 842, 8000))
        '842 of 8,000 leads (10.5 %, 95 % CI 9.9 to 11.2)'
    """
    told = f"{ratio.numerator:,} of {counted(ratio.denominator, ratio.unit)}"
    if not ratio.denominator:
        return f"{told} (undefined)"
    share = f"{percent(ratio.numerator, ratio.denominator)} %"
    if ratio.interval is None:
        return f"{told} ({share})"
    low, high = (half_up(100 * bound, 1) for bound in ratio.interval)
    return f"{told} ({share}, {half_up(100 * ratio.confidence, 0)} % CI {low} to {high})"


def span_of(span: timedelta, *, is_open_time: bool = False) -> str:
    """Return a duration as a sentence says it.

    Examples:
        >>> span_of(timedelta(hours=60)), span_of(timedelta(hours=60), is_open_time=True)
        ('2.5 days', '60 open hours')
        >>> span_of(timedelta(minutes=12)), span_of(timedelta(hours=1))
        ('12 minutes', '1 hour')
    """
    unit, size = "minute", _MINUTE
    if span >= 2 * _DAY and not is_open_time:
        unit, size = "day", _DAY
    elif span >= _HOUR:
        unit, size = "hour", _HOUR
    count = half_up(span / size, 0 if unit == "minute" else 1).removesuffix(".0")
    return f"{count} {'open ' if is_open_time else ''}{unit}{'' if count == '1' else 's'}"


def came_to(step: str) -> str:
    """Return what leads did that came to a word of the funnel, or to a stage.

    Examples:
        >>> came_to("close"), came_to("sal")
        ('bought', "came to 'sal'")
    """
    return _CAME.get(step, f"came to '{step.replace('_', ' ')}'")


def from_to(name: str) -> str:
    """Return the name of a ratio of two steps, as a sentence says it.

    Examples:
        >>> from_to("sales_ready_to_close")
        'sales-ready to sale'
    """
    return " to ".join(_CALLED.get(x, x.replace("_", " ")) for x in name.split("_to_"))


def joined(words: Sequence[str]) -> str:
    """Return words as a list in a sentence.

    Examples:
        >>> joined(["a", "b", "c"]), joined(["a"])
        ('a, b and c', 'a')
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
