"""What a handoff says of routing: who gets the lead, why, and what that starts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from leadrules.errors import EvaluationError, as_written
from leadrules.lifecycle.document import Lifecycle
from leadrules.routing.assignment import Assignment, Unassigned
from leadrules.routing.document import Routing
from leadrules.values import instant_text, moment_of

__all__ = ["Assigned", "assigned_of", "demand_assignment"]


@dataclass(frozen=True, slots=True)
class Assigned:
    """Who gets the lead, and what that starts.

    Attributes:
        at: When it was decided.
        to: `owner`, `queue` or `partner`; None if nobody gets it.
        name: Who or what; if nobody gets it, why, in words.
        rule: The id of the rule.
        why: Why sales and marketing agreed on the rule.
        pool: The pool, or the role, whose members share such leads.
        strategy: How the pool chose.
        reason: Why it was assigned again; None the first time.
        passed: The targets that could not take it, each with why not, in words.
        clock: The clock that starts.
        within: What the clock demands, in words.
        packages: What is to be sent to the lead.
        send_to: Of a partner: who there is to be told, and where.
        report: Of a partner: how to say what became of the lead.
        needs: Of a partner: the fields without which it can do nothing.
    """

    at: datetime
    to: str | None
    name: str
    rule: str | None = None
    why: str | None = None
    pool: str | None = None
    strategy: str | None = None
    reason: str | None = None
    passed: tuple[str, ...] = ()
    clock: str | None = None
    within: str | None = None
    packages: tuple[str, ...] = ()
    send_to: str | None = None
    report: str | None = None
    needs: tuple[str, ...] = ()


def demand_assignment(answer: object, *, lead_id: str, at: datetime) -> None:
    """Refuse what is no answer of a router on a lead, or one of later than a moment.

    Raises:
        EvaluationError: If it is one.
    """
    if not isinstance(answer, Assignment | Unassigned):
        wrong = f"'{as_written(answer)}' is no assignment; expected what router.route gives"
    elif answer.lead_id != lead_id:
        wrong = f"is of lead '{answer.lead_id}', not of '{lead_id}'"
    elif (time := moment_of(answer.time)) > (moment := moment_of(at)):
        wrong = f"is of '{instant_text(time)}', after the handoff at '{instant_text(moment)}'"
    else:
        return
    raise EvaluationError(f"assignment: {wrong}", field="assignment", lead_id=lead_id)


def assigned_of(
    answer: Assignment | Unassigned,
    *,
    routing: Routing | None,
    lifecycle: Lifecycle | None,
    policy: str | None,
) -> Assigned:
    """Return what a handoff says of an assignment.

    Args:
        answer: What a router said.
        routing: The rules and partners; of another policy than the answer they say nothing.
        lifecycle: The clocks.
        policy: The hash of the policy.
    """
    if answer.policy != policy:
        routing = lifecycle = None
    rules = (
        {name: rule.why for name, rule in zip(routing.ids(), routing.rules, strict=True)}
        if routing
        else {}
    )
    passed = tuple(map(str, answer.passed))
    why = rules.get(answer.rule or "")
    if isinstance(answer, Unassigned):
        return Assigned(
            answer.time,
            None,
            answer.message,
            rule=answer.rule,
            why=why,
            reason=answer.reason,
            passed=passed,
            packages=answer.packages,
        )
    to = "owner" if answer.owner else "queue" if answer.queue else "partner"
    partner = routing.partners.get(answer.partner or "") if routing else None
    return Assigned(
        answer.time,
        to,
        str(getattr(answer, to)),
        answer.rule,
        why,
        answer.pool,
        answer.strategy,
        answer.reason,
        passed,
        answer.clock,
        _within(answer.clock, lifecycle),
        answer.packages,
        send_to=partner.contact if partner else None,
        report=partner.report if partner else None,
        needs=partner.needs if partner else (),
    )


def _within(name: str | None, lifecycle: Lifecycle | None) -> str | None:
    clock = lifecycle.clocks.get(name or "") if lifecycle else None
    if clock is None:
        return None
    most = f", at most {clock.at_most}" if clock.at_most else ""
    return f"from {clock.from_} to {clock.to} within {clock.within}{most}"
