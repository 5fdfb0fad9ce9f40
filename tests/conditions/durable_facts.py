"""Asks durable-rules which rules fire on each fact; run as a script, since it may crash.

Reads `{"rules": {name: expression}, "facts": [...]}` from standard input and writes the names
of the rules that fired on each fact. A rule set is made without a host, so that no thread
starts; facts are asserted and retracted one at a time, as events would go to one rule only.
"""

from __future__ import annotations

import json
import sys
import threading
from contextlib import suppress
from typing import Any


class Host:
    """All that a rule set asks of its host; every action is a function here."""


def fired(rules: dict[str, Any], facts: list[dict[str, Any]]) -> list[list[str]]:
    from durable.engine import MessageNotHandledException, Ruleset

    seen: set[str] = set()

    def rule(name: str, expression: Any) -> dict[str, Any]:
        return {"all": [{"m": expression}], "run": lambda _closure: seen.add(name)}

    ruleset = Ruleset("conditions", Host(), {name: rule(name, x) for name, x in rules.items()})
    found: list[list[str]] = []
    for fact in facts:
        seen.clear()
        for step in (ruleset.assert_fact, ruleset.retract_fact):
            with suppress(MessageNotHandledException):
                ruleset.do_actions(step(fact), _raise)
            if step == ruleset.assert_fact:
                found.append(sorted(seen))
    assert threading.active_count() == 1
    return found


def _raise(error: Any, _state: Any) -> None:
    if error:
        raise error


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    json.dump(fired(asked["rules"], asked["facts"]), sys.stdout)
