"""What a router answers: an assignment, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from leadrules.errors import EvaluationError, as_written, in_line
from leadrules.events import Event
from leadrules.results import maker
from leadrules.values import instant_of, instant_text

__all__ = ["CODES", "PASSED", "Assignment", "Code", "Passed", "Unassigned", "assignment"]

Code = Literal[
    "no-rule",
    "several-rules",
    "unknown-name",
    "pool-limit",
    "inactive",
    "tried",
    "no-match",
    "absent",
    "closed",
    "at-limit",
]
"""Why a lead is not assigned, or a member is passed over: the closed list."""

CODES: tuple[Code, ...] = get_args(Code)
PASSED: tuple[Code, ...] = CODES[CODES.index("inactive") :]
"""Why a member is passed over, in the order in which that is looked at. What is said of a whole
pool is the last of them that any of its members came to."""

WORDS: dict[Code, str] = {
    "no-rule": "no rule is true",
    "several-rules": "several rules are true, and only one may be",
    "unknown-name": "what is named there is not known",
    "pool-limit": "the pool has reached a limit",
    "inactive": "nobody is active",
    "tried": "everybody had it before",
    "no-match": "nobody fits",
    "absent": "everybody who fits is absent",
    "closed": "nobody who fits is at work",
    "at-limit": "everybody who fits and is at work has reached a limit",
}
"""What each code says of a target."""

ALONE: dict[Code, str] = {
    "unknown-name": "not known",
    "inactive": "not active",
    "tried": "had it before",
    "absent": "absent",
    "at-limit": "has reached a limit",
}
"""What each code says of an owner."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A target that could not take the lead.

    Attributes:
        kind: `owner`, `pool`, `role`, `queue` or `partner`.
        name: Who or what.
        code: Why.
    """

    kind: str
    name: str
    code: Code

    def __str__(self) -> str:
        alone = ALONE.get(self.code) if self.kind == "owner" else None
        return f"{self.kind} '{in_line(self.name)}': {alone or WORDS[self.code]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Who or what gets a lead, and by which rule.

    Attributes:
        lead_id: The lead.
        time: When it was decided.
        rule: The id of the rule; None if it was done by hand, or no rule was true.
        owner: The member who gets it; None if a queue or a partner does.
        pool: The pool, or the role, whose members share such leads; None if there is none.
        queue: The queue, if it is one.
        partner: The channel partner, if it is one.
        strategy: How the pool chose.
        clock: The clock that starts.
        packages: What is sent to the lead.
        reason: Why it was assigned again; None the first time.
        passed: The targets that could not take it before.
        policy: The hash of the policy.
    """

    lead_id: str
    time: datetime
    rule: str | None = None
    owner: str | None = None
    pool: str | None = None
    queue: str | None = None
    partner: str | None = None
    strategy: str | None = None
    clock: str | None = None
    packages: tuple[str, ...] = ()
    reason: str | None = None
    passed: tuple[Passed, ...] = ()
    policy: str | None = None

    def __bool__(self) -> bool:
        return True

    def __str__(self) -> str:
        named = (("owner", self.owner), ("queue", self.queue), ("partner", self.partner))
        told = (f"{noun} '{in_line(name)}'" for noun, name in named if name is not None)
        to = next(told, "nobody")
        by = f" by rule '{in_line(self.rule)}'" if self.rule else ""
        of = f" from pool '{in_line(self.pool)}'" if self.pool else ""
        again = f", again: {self.reason}" if self.reason else ""
        lines = [f"lead {in_line(self.lead_id)} -> {to}{of}{by}{again}"]
        return "\n  ".join([*lines, *(f"not {found}" for found in self.passed)])

    @property
    def results(self) -> dict[str, str]:
        """What routing adds to the lead, by name; what is missing is left out."""
        found = {
            "owner": self.owner,
            "pool": self.pool,
            "queue": self.queue,
            "route_rule": self.rule,
        }
        return {name: value for name, value in found.items() if value is not None}

    def fact(self, *, id: str | None = None) -> Event | None:  # noqa: A002 - what events call it
        """Return the fact that states it, for the history of the lead; None without an owner.

        Args:
            id: What the fact is called, if the host has names of its own. By default it tells
                all that the fact does: two facts of one instant are apart, and those by which
                the lead was assigned again come after the first.
        """
        if self.owner is None:
            return None
        again = f"/{self.reason}" if self.reason else ""  # a slash comes after a hyphen
        named = "-".join(name for name in (self.owner, self.pool, self.rule) if name is not None)
        said = {
            "owner": self.owner,
            "pool": self.pool,
            "rule": self.rule,
            "reason": self.reason,
        }
        return Event(
            lead_id=self.lead_id,
            id=id or f"assigned-{instant_text(instant_of(self.time))}{again}-{named}",
            time=self.time,
            kind="assigned",
            properties={name: value for name, value in said.items() if value is not None},
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the assignment as data that JSON can hold."""
        return _data(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Assignment:
        """Return the assignment that `to_dict` gave as data.

        Raises:
            EvaluationError: If the data is none.
        """
        return cls(**_read(data, _TEXTS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unassigned:
    """Why a lead has no owner. It is false, as a refusal is.

    Attributes:
        lead_id: The lead.
        time: When it was decided.
        code: Why, from a closed list; of several targets, that of the first.
        rule: The id of the rule that was true, if one was.
        packages: What is sent to the lead all the same.
        reason: Why it was to be assigned again; None the first time.
        passed: The targets that could not take it.
        rules: If several rules were true and only one may be, their ids.
        policy: The hash of the policy.
    """

    lead_id: str
    time: datetime
    code: Code
    rule: str | None = None
    packages: tuple[str, ...] = ()
    reason: str | None = None
    passed: tuple[Passed, ...] = ()
    rules: tuple[str, ...] = ()
    policy: str | None = None

    def __bool__(self) -> bool:
        return False

    @property
    def message(self) -> str:
        """Why, in words."""
        named = f": {', '.join(map(in_line, self.rules))}" if self.rules else ""
        return f"{WORDS[self.code]}{named}"

    def __str__(self) -> str:
        by = f" by rule '{in_line(self.rule)}'" if self.rule else ""
        lines = [f"lead {in_line(self.lead_id)} is not assigned{by}: {self.message} [{self.code}]"]
        return "\n  ".join([*lines, *(f"not {found}" for found in self.passed)])

    def to_dict(self) -> dict[str, Any]:
        """Return it as data that JSON can hold."""
        return _data(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Unassigned:
        """Return what `to_dict` gave as data.

        Raises:
            EvaluationError: If the data is none.
        """
        found = _read(data, ("code", "rule", "reason", "policy"))
        if found.get("code") not in CODES:
            raise _no_answer("code", data)
        return cls(**found)


assignment = maker(Assignment)
"""Makes an assignment of the values of its attributes, in their order."""


def _data(answer: Assignment | Unassigned) -> dict[str, Any]:
    found = {name: getattr(answer, name) for name in answer.__slots__}
    found["time"] = answer.time.isoformat()
    found["passed"] = [
        {"kind": each.kind, "name": each.name, "code": each.code} for each in answer.passed
    ]
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in found.items()
        if value not in (None, (), [])
    }


_TEXTS = ("rule", "owner", "pool", "queue", "partner", "strategy", "clock", "reason", "policy")


def _read(data: object, texts: Sequence[str]) -> dict[str, Any]:
    """Return the parts of an answer that data holds.

    Raises:
        EvaluationError: If one of them is missing, unknown, or not what it should be.
    """
    if not isinstance(data, Mapping):
        message = f"answer: '{as_written(data)}' is no mapping; expected what to_dict() gives"
        raise EvaluationError(message, field="answer")
    found: dict[str, Any] = {}
    lists = {"packages", "rules"} - ({"rules"} if "owner" in texts else set())
    for name in ("lead_id", "time", *(x for x in data if x not in {"lead_id", "time"})):
        value = data.get(name)
        try:
            if name in {"lead_id", *texts}:
                found[name] = _text(value)
            elif name == "time":
                found[name] = datetime.fromisoformat(_text(value))
                instant_of(found[name])
            elif name in lists:
                found[name] = tuple(map(_text, _list(value)))
            elif name == "passed":
                found[name] = tuple(_passed(each) for each in _list(value))
            else:
                raise ValueError  # noqa: TRY301 - it is told as the others are
        except (TypeError, ValueError, KeyError, AttributeError):
            raise _no_answer(name, data) from None
    return found


def _no_answer(name: object, data: Mapping[Any, Any]) -> EvaluationError:
    message = f"answer: {as_written(name)}: '{as_written(data.get(name))}' cannot be read"
    return EvaluationError(message, field="answer")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _passed(value: Any) -> Passed:
    if value["code"] not in CODES:
        raise ValueError
    return Passed(_text(value["kind"]), _text(value["name"]), value["code"])
