"""Random scorecards, and what scoring means as plainly as it can be said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import floor
from random import Random
from typing import Any

from hypothesis import strategies as st

from leadrules.conditions import Condition, check, evaluate
from leadrules.scoring import Scoring
from leadrules.scoring.points import Limits
from leadrules.sections import ParamRef
from leadrules.values import Value
from tests.strategies import VOCABULARY, Conditions

POINTS = (
    0,
    1,
    5,
    10,
    25.5,
    -3,
    -2.5,
    0.5,
    0.000001,
    -0.333333,
    999_999.999999,
    1_000_000,
    -1_000_000,
)
"""Points as documents write them, among them the largest and the smallest."""
PARAMETERS = ({"param": "count"}, {"param": "limit"})


def _number(random: Random) -> Any:
    return random.choice(PARAMETERS) if random.random() < 0.1 else random.choice(POINTS)


def _limits(random: Random) -> dict[str, Any]:
    low, high = _number(random), _number(random)
    if isinstance(low, dict) or isinstance(high, dict):  # which of the two is above may change
        return {random.choice(("min", "max")): low} if random.random() < 0.6 else {}
    limits = {"min": min(low, high), "max": max(low, high)}
    return {name: limit for name, limit in limits.items() if random.random() < 0.4}


def condition(conditions: Conditions, depth: int = 1) -> Condition:
    """Return a condition that does not mix currencies, as random ones may."""
    while check(found := conditions.condition(depth), VOCABULARY, warnings=False):
        pass
    return found


def scorecard(random: Random, *, most: int = 6, depth: int = 1) -> Scoring:
    """Return a scorecard over the vocabulary of `tests.strategies`."""
    conditions = Conditions(random)
    names = [f"c{number}" for number in range(random.randint(1, most))]
    characteristics = {
        name: {
            "default": _number(random) if random.random() < 0.4 else 0,
            "rules": [
                {"when": condition(conditions, depth), "points": _number(random)}
                for _ in range(random.randint(1, 3))
            ],
        }
        for name in names
    }
    grouped = random.sample(names, random.randint(0, len(names)))
    cut = random.randint(0, len(grouped))
    groups = {
        name: {"of": of, **_limits(random)}
        for name, of in (("one", grouped[:cut]), ("two", grouped[cut:]))
        if of
    }
    return Scoring.model_validate(
        {
            "fit": {"characteristics": characteristics, "groups": groups, **_limits(random)},
            "total": {"decimals": random.choice((0, 0, 1, 2, 6)), **_limits(random)},
        }
    )


@st.composite
def scorecards(draw: st.DrawFn) -> Scoring:
    """Return a strategy for valid scorecards."""
    return scorecard(draw(st.randoms(use_true_random=False)))


@dataclass(frozen=True)
class Plain:
    """What a lead scores, as exact numbers; None where a parameter has no value yet."""

    score: Decimal | None
    fit: Decimal | None
    fired: tuple[str, ...]
    uncertain: tuple[str, ...]
    points: Mapping[str, Decimal | None]


def sum_of(summands: Iterable[Decimal | None]) -> Decimal | None:
    total = Decimal(0)
    for found in summands:
        if found is None:
            return None
        total += found
    return total


def plain_score(
    scoring: Scoring, record: Mapping[str, Value], at: int, parameters: Mapping[str, Value]
) -> Plain:
    """Return the score of a lead, word for word as it is defined."""

    def number(said: Decimal | ParamRef) -> Decimal | None:
        if isinstance(said, Decimal):
            return said
        value = parameters.get(said.param)
        return None if value is None else Decimal(repr(value))

    def within(summands: Iterable[Decimal | None], limits: Limits) -> Decimal | None:
        total = sum_of(summands)
        for limit, bound in ((limits.min, max), (limits.max, min)):
            value = None if limit is None else number(limit)
            if total is None or (limit is not None and value is None):
                return None
            total = total if value is None else bound(total, value)
        return total

    assert scoring.fit is not None
    points: dict[str, Decimal | None] = {}
    fired: list[str] = []
    uncertain: list[str] = []
    for name, characteristic in scoring.fit.characteristics.items():
        verdicts = [
            evaluate(rule.when, record, at=at, parameters=parameters)
            for rule in characteristic.rules
        ]
        first = verdicts.index(True) if True in verdicts else None
        if first is None:
            points[name] = number(characteristic.default)
        else:
            points[name] = number(characteristic.rules[first].points)
            fired.append(characteristic.rules[first].id or f"{name}.{first + 1}")
        if None in verdicts[:first]:
            uncertain.append(name)
    groups = scoring.fit.groups.values()
    grouped = {member for group in groups for member in group.of}
    sums = [within([points[member] for member in group.of], group) for group in groups]
    alone = [found for name, found in points.items() if name not in grouped]
    fit = within([*sums, *alone], scoring.fit)
    total = within([fit], scoring.total)
    unit = Decimal(10) ** -scoring.total.decimals
    score = None if total is None else floor(total / unit + Decimal("0.5")) * unit
    return Plain(score, fit, tuple(fired), tuple(uncertain), points)
