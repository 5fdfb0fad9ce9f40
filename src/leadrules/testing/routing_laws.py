"""The laws of routing for leads that come one after the other, each told in words if broken."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NoReturn

from leadrules.conditions.tree import Always
from leadrules.engine import Engine
from leadrules.errors import EvaluationError
from leadrules.routing.assignment import CODES, Assignment, Unassigned
from leadrules.routing.rotation import Rotation
from leadrules.routing.router import Answered
from leadrules.testing.history import History
from leadrules.testing.laws import Violation
from leadrules.testing.ledger import Ledger, Taken
from leadrules.testing.routed import before_routing

__all__ = [
    "leads_are_not_given_back",
    "nobody_gets_what_they_cannot_take",
    "nothing_is_lost",
    "previews_are_decisions",
    "rotations_survive_json",
    "unassigned_leads_change_nothing",
    "weights_are_shares",
]

Leads = Sequence[History]
_TO = ("owner", "queue", "partner")
_MOST_AGAIN = 6


@dataclass(frozen=True, slots=True)
class Step:
    """What became of one lead.

    Attributes:
        history: The lead.
        before: Where the rotation stood.
        answer: Who got it.
        after: Where the rotation stands then.
    """

    history: History
    before: Rotation
    answer: Answered
    after: Rotation


def steps(engine: Engine, leads: Leads) -> Iterator[Step]:
    """Yield what becomes of leads that come one after the other.

    Raises:
        Violation: If one is refused.
    """
    state = engine.router.start()
    for place, history in enumerate(leads):
        try:
            answer, after = _routed(engine, history, state)
        except EvaluationError as error:
            law = "every lead is assigned, or it is told why not"
            _broken(law, f"it is refused: {error}", leads[: place + 1])
        yield Step(history, state, answer, after)
        state = after


def nothing_is_lost(engine: Engine, leads: Leads) -> None:
    """Every lead goes to one owner, queue or partner, or there is a code that says why not.

    Raises:
        Violation: If one does not.
    """
    law = "every lead is assigned, or it is told why not"
    for place, step in enumerate(steps(engine, leads)):
        answer = step.answer
        if isinstance(answer, Unassigned):
            if answer.code not in CODES:
                _broken(law, f"its code is '{answer.code}'", leads[: place + 1])
        elif sum(getattr(answer, name) is not None for name in _TO) != 1:
            told = {name: getattr(answer, name) for name in _TO}
            _broken(law, f"it goes to {told}", leads[: place + 1])


def previews_are_decisions(engine: Engine, leads: Leads) -> None:
    """A preview tells what is decided then, and neither changes the state that was given.

    Raises:
        Violation: If that is not so.
    """
    law = "a preview tells what is decided then, and changes nothing"
    for place, step in enumerate(steps(engine, leads)):
        history, before = step.history, step.before
        known = before.to_dict()
        derived = before_routing(engine, history)
        preview = engine.router.preview(history.lead, at=history.at, state=before, derived=derived)
        if preview != step.answer:
            wrong = f"it tells: {preview}, and then: {step.answer}"
            _broken(law, wrong, leads[: place + 1])
        if before.to_dict() != known:
            _broken(law, f"{known} became {before.to_dict()}", leads[: place + 1])


def rotations_survive_json(engine: Engine, leads: Leads) -> None:
    """A state is the same after a way through JSON, and leads to the same decisions.

    Raises:
        Violation: If it is not.
    """
    law = "a rotation survives JSON"
    for place, step in enumerate(steps(engine, leads)):
        known = step.before.to_dict()
        try:
            again = Rotation.from_dict(json.loads(json.dumps(known)))
        except EvaluationError as error:
            _broken(law, f"{known} is refused then: {error}", leads[: place + 1])
        if again != step.before:
            _broken(law, f"{known} is {again.to_dict()} then", leads[: place + 1])
        answer, after = _routed(engine, step.history, again)
        if answer != step.answer:
            _broken(law, f"then: {answer}, and not: {step.answer}", leads[: place + 1])
        if after != step.after:
            wrong = f"it leads to {after.to_dict()}, and not to {step.after.to_dict()}"
            _broken(law, wrong, leads[: place + 1])


def nobody_gets_what_they_cannot_take(engine: Engine, leads: Leads) -> None:
    """Nobody gets a lead who is not active, absent, at a limit, or of a pool and not at work.

    Raises:
        Violation: If somebody does.
    """
    ledger = Ledger(engine.policy)
    for place, step in enumerate(steps(engine, leads)):
        taken = _taken(step.answer)
        if taken is None:
            continue
        for wrong in ledger.against(taken):
            told = f"'{taken.owner}' gets one though {wrong}"
            _broken("nobody gets a lead who cannot take it", told, leads[: place + 1])
        ledger.taken.append(taken)


def weights_are_shares(engine: Engine, leads: Leads) -> None:
    """Of a pool in weighted rotation, any two who are always there get what their weights say.

    Their leads for each weight differ by half a lead of each at most, at every moment.

    Raises:
        Violation: If they do not.
    """
    ledger = Ledger(engine.policy)
    given: dict[str, list[tuple[int, Taken]]] = {}
    for place, step in enumerate(steps(engine, leads)):
        taken = _taken(step.answer)
        if taken is not None and taken.pool is not None:
            given.setdefault(taken.pool, []).append((place, taken))
    for pool, each in given.items():
        weights = _steady(ledger, pool, [taken for _, taken in each])
        got: Counter[str] = Counter()
        for place, taken in each:
            got[taken.owner] += 1
            for one, other in combinations(weights, 2):
                if not _is_fair(got[one], weights[one], got[other], weights[other]):
                    told = " and ".join(
                        f"'{name}' of weight {weights[name]} has {got[name]}"
                        for name in (one, other)
                    )
                    wrong = f"of the leads of pool '{pool}' {told}"
                    _broken("weights are shares of the leads", wrong, leads[: place + 1])


def unassigned_leads_change_nothing(engine: Engine, leads: Leads) -> None:
    """A lead that nobody gets leaves the state as it is.

    Raises:
        Violation: If it does not.
    """
    for place, step in enumerate(steps(engine, leads)):
        if not step.answer and step.after != step.before:
            wrong = f"{step.before.to_dict()} became {step.after.to_dict()}"
            _broken("a lead that nobody gets changes nothing", wrong, leads[: place + 1])


def leads_are_not_given_back(engine: Engine, leads: Leads) -> None:
    """A lead that is assigned again goes to nobody who had it, as far back as the policy says.

    Raises:
        Violation: If it does.
    """
    last: tuple[int, Step] | None = None
    for place, step in enumerate(steps(engine, leads)):
        if _taken(step.answer) is not None:
            last = place, step
    if last is None:
        return
    place, step = last
    history, state = step.history, step.after
    had = [step.answer] if isinstance(step.answer, Assignment) else []
    avoid = engine.router.routing.reassign.avoid
    for _ in range(_MOST_AGAIN):
        answer, state = engine.reassign(
            history.lead,
            history=had,
            reason="declined",
            rotation=state,
            events=history.events,
            at=history.at,
            previous=history.previous,
        )
        if not isinstance(answer, Assignment) or answer.owner is None:
            return
        before = [str(found.owner) for found in had]
        if answer.owner in (before if avoid == "all" else before[-avoid:]):
            told = ", ".join(f"'{name}'" for name in before)
            wrong = f"after {told} it goes to '{answer.owner}'"
            _broken("nobody gets a lead again who had it", wrong, leads[: place + 1])
        had.append(answer)


def _routed(engine: Engine, history: History, state: Rotation) -> tuple[Answered, Rotation]:
    return engine.route(
        history.lead,
        rotation=state,
        events=history.events,
        at=history.at,
        previous=history.previous,
    )


def _taken(answer: Answered) -> Taken | None:
    if not isinstance(answer, Assignment) or answer.owner is None:
        return None
    return Taken(answer.time, answer.owner, answer.pool)


def _steady(ledger: Ledger, name: str, given: Sequence[Taken]) -> dict[str, int]:
    """Return the weights of those who could have had every lead of a pool."""
    pool = ledger.team(name)
    rotates = pool is not None and pool.strategy == "weighted_rotation" and pool.turns == "pool"
    if pool is None or not rotates or not isinstance(pool.match, Always):
        return {}
    return {
        who: share.weight
        for who, share in ledger.shares(name).items()
        if not share.limits
        and not ledger.routing.members[who].limits
        and all(
            ledger.works(who, taken.time) and not [*ledger.away(who, taken.time)] for taken in given
        )
    }


def _is_fair(one: int, weight: int, other: int, of_other: int) -> bool:
    """Return whether two differ by half a lead for each weight at most."""
    return 2 * abs(one * of_other - other * weight) <= weight + of_other


def _broken(law: str, wrong: str, leads: Leads) -> NoReturn:
    """Raise a violation with the leads up to the one at fault.

    Raises:
        Violation: Always.
    """
    told = "\n".join(str(history) for history in leads)
    raise Violation(f"{law}, but {wrong}\n{told}")
