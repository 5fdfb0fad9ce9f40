"""durable-rules in a process of its own, since it may crash; one line in asks for one pass.

It keeps to what is sound of it: one ruleset without the threads of its host, one session, one
fact at a time, and what is missing is not in the fact.
"""

from __future__ import annotations

import gc
import itertools
import json
import sys
from collections.abc import Mapping
from importlib import import_module
from time import process_time
from typing import Any

from benchmarks.peers import OPPOSITE, Judge, first_of_each, key_of, rules_of, value_of
from benchmarks.policy import make_leads, record_of
from leadrules.conditions.tree import AllOf, AnyOf, Comparison, Condition, Not
from leadrules.values import Cash

_WORDS = {"<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte", "!=": "$neq"}
_PATTERNS = {"contains": ".*{}.*", "starts_with": "{}.*", "ends_with": ".*{}"}


def pattern(node: Condition, *, wanted: bool = True) -> dict[str, Any]:
    """Return the pattern of the facts of which a condition is true, or false if so wanted."""
    match node:
        case Not(part):
            return pattern(part, wanted=not wanted)
        case AllOf(parts) | AnyOf(parts):
            word = "$and" if isinstance(node, AllOf) is wanted else "$or"
            return {word: [pattern(part, wanted=wanted) for part in parts]}
        case Comparison():
            return _compared(node, wanted=wanted)
    raise TypeError(node)


def _compared(node: Comparison, *, wanted: bool) -> dict[str, Any]:
    name = key_of(node.left)
    match node.op:
        case "known" | "missing":
            return {f"no_{name}": (node.op == "missing") is wanted}
        case "is_true":
            return {name: wanted}
        case "in" | "not in":
            assert isinstance(node.right, tuple)
            values = [value_of(term) for term in node.right]
            if (node.op == "in") is wanted:
                return {"$or": [{name: value} for value in values]}
            return {"$and": [{"$neq": {name: value}} for value in values]}
    assert node.right is not None
    assert not isinstance(node.right, tuple)
    value = value_of(node.right)
    match node.op:
        case "within":
            return {"$and": [{"$gte": {name: 0}}, {"$lt": {name: value}}]}
        case "older_than":
            return {"$gte": {name: value}}
        case "contains" | "starts_with" | "ends_with":
            matched = {"$mt": {name: _PATTERNS[node.op].format(value.replace(".", "%."))}}
            return matched if wanted else {"$and": [{f"no_{name}": False}, {f"is_{value}": False}]}
    op = node.op if wanted else OPPOSITE[node.op]
    if isinstance(value, Cash):
        test = {_WORDS[op]: {name: value.minor}}
        return {"$and": [{f"{name}_currency": value.currency}, test]}
    return {name: value} if op == "==" else {_WORDS[op]: {name: value}}


class _Host:
    """Stands in for the library's host, which would start threads."""

    def get_action(self, name: str) -> object:
        raise KeyError(name)


def judge_of(rules: list[tuple[str, str, Condition]]) -> Judge:
    ruleset_class = import_module("durable.engine").Ruleset
    fired: set[str] = set()

    def noting(rule_id: str) -> Any:
        def action(_closure: object) -> None:
            fired.add(rule_id)

        return action

    definition = {
        rule_id: {"all": [{"m": pattern(when)}], "run": noting(rule_id)}
        for _, rule_id, when in rules
    }
    ruleset = ruleset_class("leads", _Host(), definition)
    names = [(name, rule_id) for name, rule_id, _ in rules]
    failures: list[object] = []
    numbers = itertools.count()

    def done(error: object, _state: object) -> None:
        if error:
            failures.append(error)

    def judge(record: Mapping[str, Any]) -> list[str]:
        fired.clear()
        fact = {**record, "id": next(numbers), "sid": "one"}
        handled = import_module("durable.engine").MessageNotHandledException
        try:
            ruleset.do_actions(ruleset.assert_fact(fact), done)
            ruleset.retract_fact(fact)
        except handled:
            pass
        if failures:
            raise RuntimeError(failures[0])
        return first_of_each([rule_id in fired for _, rule_id in names], names)

    return judge


def fact_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a lead as a fact; what is missing is said by a flag, which any pattern may ask."""
    record = record_of(row)
    known = {name: value for name, value in record.items() if value is not None}
    title = record["title"]
    words = {
        f"is_{word}": word in title
        for word in ("assistant", "freelance", "student", "intern")
        if title is not None
    }
    return {**known, **words, **{f"no_{name}": value is None for name, value in record.items()}}


def main(count: int) -> None:
    facts = [fact_of(row) for row in make_leads(count).to_dicts()]
    judge = judge_of(rules_of())
    sys.stdout.write(json.dumps([judge(fact) for fact in facts]) + "\n")
    sys.stdout.flush()
    for _ in sys.stdin:
        gc.disable()
        start = process_time()
        for fact in facts:
            judge(fact)
        seconds = process_time() - start
        gc.enable()
        sys.stdout.write(f"{seconds}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
