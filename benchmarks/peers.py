"""Other rule engines, given the same policy: who fires, for one lead."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from benchmarks.policy import policy
from leadrules.conditions.tree import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Field,
    Literal,
    Not,
    Term,
)
from leadrules.values import Cash, Span
from leadrules.vocabulary import column_of

__all__ = [
    "OPPOSITE",
    "Absent",
    "Durable",
    "Judge",
    "first_of_each",
    "judges",
    "key_of",
    "rules_of",
    "value_of",
]

Judge = Callable[[Mapping[str, Any]], list[str]]
"""Takes a record and gives the ids of the rules that fire, the first of each characteristic."""


class Absent(Exception):  # noqa: N818 - not an error
    """The peer is not installed."""


OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


@dataclass(frozen=True)
class Dialect:
    """How an engine with Python-like expressions spells what is not the same in all."""

    contains: str
    starts_with: str
    ends_with: str
    null: str = "null"


ZEN = Dialect("contains({0}, {1})", "startsWith({0}, {1})", "endsWith({0}, {1})")
RULE_ENGINE = Dialect("{1} in {0}", "{0}.starts_with({1})", "{0}.ends_with({1})")


def spelt(node: Condition, dialect: Dialect, *, wanted: bool = True) -> str:
    """Return an expression that is true where the condition is true (or false, if so wanted).

    These engines have two truth values, so what may be missing is asked before it is compared.
    """
    match node:
        case Not(part):
            return spelt(part, dialect, wanted=not wanted)
        case AllOf(parts) | AnyOf(parts):
            word = "and" if isinstance(node, AllOf) is wanted else "or"
            joined = f" {word} ".join(spelt(part, dialect, wanted=wanted) for part in parts)
            return f"({joined})"
        case Comparison():
            return _compared(node, dialect, wanted=wanted)
    raise TypeError(node)


def _compared(node: Comparison, dialect: Dialect, *, wanted: bool) -> str:
    name = key_of(node.left)
    known = f"{name} != {dialect.null}"
    match node.op:
        case "known" | "missing":
            return known if (node.op == "known") is wanted else f"{name} == {dialect.null}"
        case "is_true":
            return f"{name} == {_json(wanted)}"
        case "in" | "not in":
            assert isinstance(node.right, tuple)
            choices = _json([value_of(term) for term in node.right])
            found = f"{name} in {choices}"
            return found if (node.op == "in") is wanted else f"({known} and not ({found}))"
    assert node.right is not None
    assert not isinstance(node.right, tuple)
    value = value_of(node.right)
    match node.op:
        case "within":
            return f"({known} and {name} >= 0 and {name} < {value})"
        case "older_than":
            return f"({known} and {name} >= {value})"
        case "contains" | "starts_with" | "ends_with":
            test = getattr(dialect, node.op).format(name, _json(value))
            return f"({known} and {test})" if wanted else f"({known} and not ({test}))"
    op = node.op if wanted else OPPOSITE[node.op]
    if isinstance(value, Cash):
        euros = f'{name}_currency == "{value.currency}"'
        return f"({known} and {euros} and {name} {op} {value.minor})"
    test = f"{name} {op} {_json(value)}"
    return test if op == "==" else f"({known} and {test})"


def key_of(term: Term) -> str:
    assert isinstance(term, Field)
    return "age" if term.name == "created" else column_of(term.name)


def value_of(term: Term) -> Any:
    assert isinstance(term, Literal)
    return int(term.value) if isinstance(term.value, Span) else term.value


def _json(value: object) -> str:
    return json.dumps(value)


def rules_of() -> list[tuple[str, str, Condition]]:
    """Return the characteristic, the id and the condition of every rule, in order."""
    scoring = policy().scoring
    assert scoring is not None
    assert scoring.fit is not None
    ids = iter(scoring.rules())
    return [
        (name, next(ids)[0], rule.when)
        for name, characteristic in scoring.fit.characteristics.items()
        for rule in characteristic.rules
    ]


def first_of_each(verdicts: Iterable[object], rules: Sequence[tuple[str, str]]) -> list[str]:
    fired: dict[str, str] = {}
    for (name, rule_id), verdict in zip(rules, verdicts, strict=True):
        if verdict and name not in fired:
            fired[name] = rule_id
    return list(fired.values())


# --- the engines


def _one_by_one(evaluate: Sequence[Callable[[Any], object]]) -> Judge:
    """Return a judge that asks a rule only if none before it in its characteristic is true."""
    groups: dict[str, list[tuple[str, Callable[[Any], object]]]] = {}
    for (name, rule_id, _), found in zip(rules_of(), evaluate, strict=True):
        groups.setdefault(name, []).append((rule_id, found))

    def judge(record: Mapping[str, Any]) -> list[str]:
        fired = []
        for rules in groups.values():
            for rule_id, fires in rules:
                if fires(record):
                    fired.append(rule_id)
                    break
        return fired

    return judge


def _all_at_once(evaluate: Callable[[Any], Any]) -> Judge:
    rules = [(name, rule_id) for name, rule_id, _ in rules_of()]

    def judge(record: Mapping[str, Any]) -> list[str]:
        return first_of_each(evaluate(record), rules)

    return judge


def zen_rules() -> Judge:
    zen = _module("zen")
    return _one_by_one(
        [zen.compile_expression(spelt(when, ZEN)).evaluate for _, _, when in rules_of()]
    )


def zen_list() -> Judge:
    """One expression whose value is the list of all verdicts: the context crosses over once."""
    zen = _module("zen")
    every = ", ".join(spelt(when, ZEN) for _, _, when in rules_of())
    return _all_at_once(zen.compile_expression(f"[{every}]").evaluate)


def zen_table() -> Judge:
    """A decision table for each characteristic, as the engine's own editor would make."""
    zen = _module("zen")
    tables: dict[str, list[dict[str, str]]] = {}
    for name, rule_id, when in rules_of():
        row = {"_id": rule_id, "in": spelt(when, ZEN), "out": _json(rule_id)}
        tables.setdefault(name, []).append(row)
    nodes: list[dict[str, Any]] = [
        {"id": "input", "name": "input", "type": "inputNode"},
        {"id": "output", "name": "output", "type": "outputNode"},
    ]
    edges = []
    for name, rows in tables.items():
        content = {
            "hitPolicy": "first",
            "inputs": [{"id": "in", "name": "in"}],
            "outputs": [{"id": "out", "name": "out", "field": name}],
            "rules": rows,
        }
        nodes.append({"id": name, "name": name, "type": "decisionTableNode", "content": content})
        for source, target in (("input", name), (name, "output")):
            edge = f"{source}-{target}"
            edges.append({"id": edge, "type": "edge", "sourceId": source, "targetId": target})
    document = json.dumps(
        {"contentType": "application/vnd.gorules.decision", "nodes": nodes, "edges": edges}
    )
    decision = zen.ZenEngine().create_decision(document)

    def judge(record: Mapping[str, Any]) -> list[str]:
        result = decision.evaluate(record)["result"]
        return [result[name] for name in tables if result.get(name)]

    return judge


def rule_engine_rules() -> Judge:
    engine = _module("rule_engine")
    context = engine.Context(default_value=None, resolver=engine.resolve_item)
    return _one_by_one(
        [
            engine.Rule(spelt(when, RULE_ENGINE), context=context).matches
            for _, _, when in rules_of()
        ]
    )


def rule_engine_list() -> Judge:
    engine = _module("rule_engine")
    context = engine.Context(default_value=None, resolver=engine.resolve_item)
    every = ", ".join(spelt(when, RULE_ENGINE) for _, _, when in rules_of())
    return _all_at_once(engine.Rule(f"[{every}]", context=context).evaluate)


def judges() -> dict[str, Callable[[], Judge]]:
    return {
        "zen-engine, a list of verdicts": zen_list,
        "zen-engine, rule by rule": zen_rules,
        "zen-engine, decision tables": zen_table,
        "rule-engine, a list of verdicts": rule_engine_list,
        "rule-engine, rule by rule": rule_engine_rules,
    }


def _module(name: str) -> Any:
    if not find_spec(name):
        raise Absent(name)
    return import_module(name)


class Durable:
    """durable-rules in another process, which makes the same leads.

    Attributes:
        fired: The rules that fire, for every lead.
    """

    def __init__(self, count: int) -> None:
        if not find_spec("durable"):
            message = "durable-rules"
            raise Absent(message)
        self._process = subprocess.Popen(  # noqa: S603 - our own
            [sys.executable, "-m", "benchmarks.durable_worker", str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.fired: list[list[str]] = json.loads(self._line())

    def seconds(self) -> float:
        """Return how long the other process takes for all leads."""
        assert self._process.stdin
        self._process.stdin.write("again\n")
        self._process.stdin.flush()
        return float(self._line())

    def close(self) -> None:
        self._process.communicate()

    def _line(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            message = f"durable-rules ended with status {self._process.wait()}"
            raise RuntimeError(message)
        return line
