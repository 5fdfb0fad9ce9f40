"""Traces in words: what a sales manager is told of a decision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from leadrules.conditions.findings import Finding
from leadrules.conditions.tree import Always
from leadrules.conditions.wording import Words
from leadrules.layout import Row as Line
from leadrules.routing.assignment import WORDS, Assignment, Unassigned
from leadrules.routing.steps import Candidate, Hindrance, Open, Row, Sent, Tried, TriedRule
from leadrules.values import Value

__all__ = ["Telling"]

MOST_RULES = 40
"""So many rules are told one by one in words that are not true; data has them all."""
MOST_AFTER = 10
"""So many members are told one by one in words who come after whoever gets the lead."""

_TURNS = "the lowest turn is next, which is (leads + 1/2) / weight"
_HOW: Mapping[str, str] = {
    "weighted_rotation": _TURNS,
    "longest_waiting": "who has waited longest is next",
    "least_loaded": "who works on the fewest leads for the weight is next",
    "room": "who has the most room is next",
    "priority": "the first who can take it",
}
_VERDICTS = {True: "true", False: "false", None: "unknown"}


@dataclass(frozen=True, slots=True)
class Telling(Words):
    """How the steps of a decision are put in words.

    Attributes:
        brief: Whether to leave out the rules that are not true, and the members who come after
            whoever gets the lead.
    """

    brief: bool = False

    def outcome(self, answer: Assignment | Unassigned) -> Iterator[str]:
        """Yield what a decision comes to."""
        by = f", by rule '{answer.rule}'" if answer.rule else ""
        if not isinstance(answer, Assignment):
            yield f"goes to nobody{by}: {answer.message} [{answer.code}]"
            return
        to = str(answer.owner)
        if answer.queue is not None:
            to = f"queue '{answer.queue}'"
        elif answer.partner is not None:
            to = f"partner '{answer.partner}'"
        of = f", from '{answer.pool}'" if answer.pool else ""
        yield f"goes to {to}{of}{by or ', since no rule says to whom'}"
        if answer.clock:
            yield f"the clock '{answer.clock}' starts"

    # --- rules

    def rules(self, rules: Iterable[TriedRule], rest: Sequence[str]) -> Iterator[Line]:
        """Yield the rules that were asked, and which were not."""
        left = 0 if self.brief else MOST_RULES
        untold = 0
        for rule in rules:
            if not rule.finding.verdict:
                left -= 1
                if left < 0:
                    untold += 1
                    continue
            yield rule.id, f"{_VERDICTS[rule.finding.verdict]}{self._because(rule.finding)}"
            if rule.finding.verdict and not rule.targets:
                yield "", "not needed"
            if rule.finding.verdict and rule.why:
                yield "", f"why: {rule.why}"
            for found in rule.targets:
                yield "", self._target(found)
        if untold:
            yield "not told", f"{untold} more that {'is' if untold == 1 else 'are'} not true"
        if rest and not self.brief:
            more = len(rest) - MOST_RULES
            names = ", ".join(rest[:MOST_RULES])
            yield "not asked", f"{names} and {more} more" if more > 0 else names

    def _because(self, finding: Finding) -> str:
        if isinstance(finding.condition, Always):
            return ", always"
        return f": {self.condition(finding)}"

    def _target(self, found: Tried) -> str:
        """Return what became of a target."""
        if found.open is not None:
            return f"passed over, {found.target}: {self._open(found.open)}"
        word = "otherwise" if found.instead else "to"
        by = f", by {self._row(found.row)}" if found.row else ""
        told = f"{word} {found.kind} '{found.name}'{by}"
        if found.code is None:
            return told
        return f"{told}: {self._refused(found)}"

    def _refused(self, found: Tried) -> str:
        if found.code == "several-rules":
            return "only one rule may be true"
        if found.kind == "owner" and found.candidates:
            return self._against(found.candidates[0].against)
        if found.against:
            return self._against(found.against)
        return WORDS[found.code] if found.code else ""

    def _open(self, found: Open) -> str:
        read = self._values(found.fields)
        return f"no row where {read}" if found.lookup is not None else read

    def _row(self, row: Row) -> str:
        return f"row {row.number} of table '{row.table}' ({self._cells(row)})"

    def _cells(self, row: Row) -> str:
        known = [f"{name} {self.value(cell)}" for name, cell in row.cells if cell not in {None, ""}]
        return ", ".join(known)

    def _values(self, values: Iterable[tuple[str, Value | None]]) -> str:
        return ", ".join(
            f"{name} is missing" if value is None else f"{name} is {self.value(value)}"
            for name, value in values
        )

    # --- members

    def how(self, found: Tried) -> str:
        """Return how a pool chooses among its members."""
        room = any(x.room is not None for x in found.candidates)
        how = _HOW.get("room" if room else str(found.strategy), _TURNS)
        if found.strategy == "sticky":
            how = f"whom '{found.field}' names, else {how}"
        return f"{found.kind} '{found.name}': {how}"

    def members(self, found: Tried) -> Iterator[Line]:
        """Yield the members of a pool, in the order in which they would get leads."""
        for limit in found.against:
            yield "", f"the pool {self.hindrance(limit)}"
        left: int | None = None
        untold = 0
        for candidate in found.candidates:
            if left is not None:
                left -= 1
                if left < 0:
                    untold += 1
                    continue
            yield candidate.name, self._candidate(candidate, found)
            if candidate.chosen:
                left = 0 if self.brief else MOST_AFTER
        if untold and not self.brief:
            yield "not told", f"{untold} more"

    def _candidate(self, candidate: Candidate, found: Tried) -> str:
        standing = _standing(candidate, found.strategy)
        behind = f"; {standing}" if standing else ""
        if not candidate.chosen:
            return self._against(candidate.against) or standing or "comes after"
        match found.by:
            case "soonest":
                back = self._against(candidate.against)
                return f"gets it, is back among the first: {back}{behind}"
            case "sticky":
                return f"gets it, named by '{found.field}'"
        return f"gets it{behind}"

    def _against(self, found: Iterable[Hindrance]) -> str:
        return "; ".join(map(self.hindrance, found))

    def hindrance(self, found: Hindrance) -> str:
        """Return why somebody does not take a lead."""
        until = f" until {self.time(found.until)}" if found.until is not None else ""
        match found.code:
            case "inactive":
                return "is not active"
            case "tried":
                return "had it before"
            case "no-match" if found.finding is not None:
                sure = "does not fit" if found.finding.verdict is False else "is not known to fit"
                return f"{sure}: {self.condition(found.finding)}"
            case "absent":
                return f"is absent{until or ' until further notice'}"
            case "closed":
                return f"is not at work{until} (calendar '{found.calendar}')"
        whose = f" of pool '{found.pool}'" if found.pool and found.code == "at-limit" else ""
        works = f", works on {found.open}" if found.open is not None else ""
        return f"has reached the limit '{found.limit}'{whose}{works}{until}"

    # --- packages

    def sent(self, sent: Iterable[Sent]) -> Iterator[Line]:
        """Yield what is sent, and why."""
        for found in sent:
            for package in found.packages:
                if found.finding is None:
                    yield package, f"by rule '{found.rule}'"
                else:
                    because = self._because(found.finding).removeprefix(": ").removeprefix(", ")
                    yield package, because + (f"; why: {found.why}" if found.why else "")


def _standing(found: Candidate, strategy: str | None) -> str:
    """Return how a member stands by what the pool reads."""
    weight = f" for weight {found.weight}" if found.weight is not None else ""
    if found.room is not None:
        return f"has room for {found.room}"
    if found.open is not None:
        return f"works on {found.open}{weight}"
    if found.turn is not None:
        leads = "1 lead" if found.leads == 1 else f"{found.leads} leads"
        return f"{leads}{weight}, turn {round(found.turn, 3):g}"
    if found.waited is not None:
        leads = "1 lead" if found.waited == 1 else f"{found.waited} leads"
        return f"others had {leads} since the last"
    return "has had none" if strategy == "longest_waiting" else ""
