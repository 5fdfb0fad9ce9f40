"""An oracle that is not ours: durable-rules fires the rules that are true of a known lead.

Numbers and texts only, all of them known, and only the operators that both have. What `not`
and `in` mean there is spelt out by comparisons, as it has neither.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

from leadrules.conditions import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Field,
    Literal,
    Not,
    evaluate,
    format_condition,
)
from leadrules.values import Type
from tests.conditions.tally import CASES, DIFFERENCES

pytestmark = pytest.mark.durable
pytest.importorskip("durable.engine", reason="durable-rules is not installed", exc_type=ImportError)

POOLS: dict[str, tuple[Type, list[Any]]] = {
    "visits": (Type.INTEGER, [-3, 0, 1, 2, 5, 2**40]),
    "stars": (Type.INTEGER, [0, 1, 5]),
    "rate": (Type.NUMBER, [-1.5, 0.25, 0.5, 1.0, 99.75]),
    "note": (Type.STRING, ["a", "A", "ab", "b", "vp sales", "x\"y'z", "\xe9", "\U0001f600", "~"]),
    "title": (Type.STRING, ["a", "b", "c"]),
}
SPELT = {"!=": "$neq", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
RULES, FACTS = 20, 100


def condition(random: Random, depth: int = 2) -> Condition:
    if depth == 0 or random.random() < 0.4:
        name = random.choice(list(POOLS))
        kind, pool = POOLS[name]
        if random.random() < 0.25:
            items = tuple(Literal(kind, value) for value in random.sample(pool, 2))
            return Comparison(Field(name), random.choice(["in", "not in"]), items)
        literal = Literal(kind, random.choice(pool))
        return Comparison(Field(name), random.choice(list(OPPOSITE)), literal)
    parts = tuple(condition(random, depth - 1) for _ in range(random.randint(2, 3)))
    groups: list[Condition] = [AllOf(parts), AnyOf(parts), Not(parts[0])]
    return random.choice(groups)


def spelt(node: Condition, *, negated: bool = False) -> dict[str, Any]:
    """Return a condition, or its opposite, as durable-rules spells it."""
    match node:
        case Not(part):
            return spelt(part, negated=not negated)
        case AllOf(parts) | AnyOf(parts):
            word = "$and" if isinstance(node, AllOf) is not negated else "$or"
            return {word: [spelt(part, negated=negated) for part in parts]}
        case Comparison(left, "in" | "not in", tuple(items)):
            equal = AnyOf(tuple(Comparison(left, "==", item) for item in items))
            return spelt(equal, negated=negated is (node.op == "in"))
        case Comparison(Field(name), op, Literal(_, value)):
            op = OPPOSITE[op] if negated else op
            return {name: value} if op == "==" else {SPELT[op]: {name: value}}
    raise AssertionError(node)


@pytest.mark.parametrize("seed", range(12))
def test_the_rules_that_fire_are_those_that_are_true(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - reproducible, not secret
    rules = {f"r{number}": condition(random) for number in range(RULES)}
    facts = [
        {"id": str(number), "sid": "0"}
        | {name: random.choice(pool) for name, (_, pool) in POOLS.items()}
        for number in range(FACTS)
    ]
    done = subprocess.run(  # noqa: S603 - our own script; a crash there is not one here
        [sys.executable, "-W", "ignore", Path(__file__).with_name("durable_facts.py")],
        input=json.dumps(
            {"rules": {name: spelt(rule) for name, rule in rules.items()}, "facts": facts}
        ),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    for fact, fired in zip(facts, json.loads(done.stdout), strict=True):
        record = {name: fact[name] for name in POOLS}
        true = [name for name in rules if evaluate(rules[name], record) is True]
        CASES["durable-rules"] += 1
        DIFFERENCES["durable-rules"] += fired != sorted(true)
        wrong = [format_condition(rules[name]) for name in {*fired} ^ {*true}]
        assert not wrong, (wrong, fact)
