"""The section `lifecycle` of a policy: stages, moves, and what a lead is owed on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from leadrules.calendars import Calendar, Delay
from leadrules.conditions.tree import Condition, Path, fields_of
from leadrules.errors import Problem, did_you_mean
from leadrules.lifecycle.clocks import REASSIGN, REMIND, Clock
from leadrules.lifecycle.diagram import Diagram, diagram_of
from leadrules.lifecycle.graph import check_graph, check_order, check_times
from leadrules.lifecycle.moves import Move
from leadrules.lifecycle.neglect import check_deadlines, check_touches
from leadrules.lifecycle.nurture import NurturePlan
from leadrules.lifecycle.responses import Response
from leadrules.lifecycle.stages import Kind, Stage
from leadrules.lifecycle.touches import TouchRule
from leadrules.sections import Section, Text, Texts, canonical
from leadrules.values import Type
from leadrules.vocabulary import Declaration, Vocabulary

__all__ = ["CLOCK_STATUSES", "TOUCH_STATUSES", "Hours", "Lifecycle"]

TOUCH_STATUSES = ("open", "at_risk", "met", "breached", "met_late", "waived")
"""What can become of touches that are owed."""
CLOCK_STATUSES = ("idle", "open", "at_risk", "paused", "met", "breached", "met_late", "ended")
"""What can become of a clock."""


class Hours(Section):
    """By which calendars people work: an owner's own, else the role's, else the default."""

    default: Text
    """The calendar of all that are not named."""
    roles: Mapping[str, Text] = Field(default_factory=dict)
    """The calendars of roles."""
    owners: Mapping[str, Text] = Field(default_factory=dict)
    """The calendars of persons."""

    def named(self) -> Iterator[tuple[Path, str]]:
        """Yield the calendars that are named, each with its path."""
        yield ("default",), self.default
        for key in ("roles", "owners"):
            for name, calendar in getattr(self, key).items():
                yield (key, name), calendar


class Lifecycle(Section):
    """Where a lead can be, who may move it when, and what is owed to it until then."""

    stages: Mapping[str, Stage]
    """The stages by name, in the order of the process; a lead arises in the first."""
    moves: tuple[Move, ...] = ()
    """The moves between them. There is no other way from one to another."""
    hours: Hours | None = None
    """By which calendars people work; needed for business time."""
    touches: Mapping[str, TouchRule] = Field(default_factory=dict)
    """The touches that are owed, by name."""
    clocks: Mapping[str, Clock] = Field(default_factory=dict)
    """The clocks, by name."""
    responses: Mapping[str, Response] = Field(default_factory=dict)
    """What is owed when a prospect asks for something, by name."""
    nurture: Mapping[str, NurturePlan] = Field(default_factory=dict)
    """The plans of messages, by name."""
    contact: Texts = ("connected",)
    """The outcomes of a touch by which a person was reached."""
    force: Texts = ()
    """The roles that may force a move, with a reason."""
    migrate: Mapping[str, Text] = Field(default_factory=dict)
    """For stages of an earlier version that are no more: where the leads in them go."""

    @property
    def initial(self) -> str:
        """The stage in which a lead arises."""
        return next(iter(self.stages))

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """The kind of each stage, in the order of the process."""
        return {name: stage.kind for name, stage in self.stages.items()}

    @property
    def results(self) -> Mapping[str, Declaration]:
        """What the lifecycle adds to a lead, by name: what guards and later steps may read."""
        names, owners = (
            tuple(self.stages),
            tuple(dict.fromkeys(found.owner for found in self.stages.values() if found.owner)),
        )
        return {
            "stage": Declaration(Type.ENUM, names),
            "stage_since": Declaration(Type.DATETIME),
            "stage_entries": Declaration(Type.INTEGER),
            "owner_role": Declaration(Type.ENUM, owners),
            **{f"touches.{x}": Declaration(Type.ENUM, TOUCH_STATUSES) for x in self.touches},
            **{f"clock.{x}": Declaration(Type.ENUM, CLOCK_STATUSES) for x in self.clocks},
        }

    @property
    def memory(self) -> Mapping[str, Declaration]:
        """What guards may read of what was, by name."""
        return {
            "was.stage": Declaration(Type.ENUM, tuple(self.stages)),
            "was.reason": Declaration(Type.STRING),
            "was.band": Declaration(Type.STRING),
            "was.recycled_at": Declaration(Type.DATETIME),
        }

    @property
    def told(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """The names that events may tell of, by the kind of event and the property."""
        stages = tuple(self.stages)
        steps = (f"{x}.{step}" for x, plan in self.nurture.items() for step in plan.steps)
        return {
            ("moved", "to"): stages,
            ("moved", "from"): stages,
            ("waiver", "touches"): tuple(self.touches),
            ("pause", "clock"): tuple(self.clocks),
            ("resume", "clock"): tuple(self.clocks),
            ("touch", "step"): tuple(steps),
        }

    def words(self, vocabulary: Vocabulary) -> Vocabulary:
        """Return the names that guards may use: those given, and the lifecycle's own."""
        derived = {**vocabulary.derived, **self.results, **self.memory}
        return Vocabulary(
            vocabulary.declared,
            vocabulary.activities,
            vocabulary.parameters,
            derived,
            vocabulary.zone,
        )

    def is_final(self, stage: str) -> bool:
        """Return whether no move leads out of a stage."""
        return not any(stage in move.from_ for move in self.moves)

    def counted(self) -> dict[str, Any]:
        """Return what a result can depend on as plain data; the order of the stages is of it."""
        data: dict[str, Any] = canonical(self)
        return {**data, "order": tuple(self.stages)}

    def conditions(self) -> Iterator[tuple[str, Condition]]:
        """Yield every condition on a lead with the place that it belongs to."""
        for index, move in enumerate(self.moves):
            yield f"moves[{index}]", move.when
        for name, plan in self.nurture.items():
            yield f"nurture.{name}", plan.when

    def fields(self) -> tuple[str, ...]:
        """Return the names that the section reads of a lead or of its score, each once."""
        own = {**self.results, **self.memory}
        read = [name for _, condition in self.conditions() for name in fields_of(condition)]
        dates = [step.field for plan in self.nurture.values() for step in plan.steps.values()]
        needed = [name for move in self.moves for name in move.fields]
        found = [*read, *needed, *(x for x in dates if x), "lead_type", "owner", "consent"]
        return tuple(dict.fromkeys(name for name in found if name not in own))

    def summary(self) -> str:
        """Return what the section holds, in a few words."""
        counts = (
            (len(self.stages), "stage"),
            (len(self.moves), "move"),
            (len(self.touches), "rule of touches"),
            (len(self.clocks), "clock"),
            (len(self.responses), "response"),
            (len(self.nurture), "nurture plan"),
        )
        return ", ".join(_counted(count, noun) for count, noun in counts if count)

    def diagram(self, *, guards: bool = True) -> Diagram:
        """Return the stages and moves as a state diagram, whose text Mermaid draws.

        Args:
            guards: Whether the arrows say under which conditions they may be taken.

        Examples:
            >>> print(Lifecycle.model_validate({
            ...     "stages": {"inquiry": {"owner": "marketing"}, "won": {"kind": "won"}},
            ...     "moves": [{"from": "inquiry", "to": "won", "by": ["sales"]}]}).diagram())
            stateDiagram-v2
                [*] --> inquiry
                inquiry : inquiry
                inquiry : marketing
                won : won
                inquiry --> won : sales
                won --> [*]
                classDef is_won fill:#d7f0d7,stroke:#2e7d32,color:#143d17
                class won is_won
        """
        return diagram_of(self.stages, self.moves, guards=guards)

    def delays(self) -> Iterator[tuple[Path, Delay]]:
        """Yield every delay of the section with its path."""
        yield from _delays(self, ())

    def check(
        self,
        vocabulary: Vocabulary,
        calendars: Mapping[str, Calendar],
        *,
        warnings: bool = True,
    ) -> list[Problem]:
        """Return every problem of the section, in document order within each kind.

        Args:
            vocabulary: The names that conditions may use, those of the score included.
            calendars: The calendars of the policy.
            warnings: Whether to look for what is odd, too, which takes longer.
        """
        found: list[Problem] = []
        if not self.stages:
            return [Problem("empty", "no stages; expected at least one", ("stages",))]
        words = self.words(vocabulary)
        left = {name for move in self.moves for name in move.from_}
        for name, stage in self.stages.items():
            found += stage.check(name, ("stages", name), is_final=name not in left)
        for index, move in enumerate(self.moves):
            place: Path = ("moves", index)
            found += move.check(place, self.stages, words, warnings=warnings)
            found += self._check_touches(move, place)
        for name, rule in self.touches.items():
            found += rule.check(name, ("touches", name), self.stages, vocabulary)
        for name, clock in self.clocks.items():
            found += clock.check(name, ("clocks", name), self.stages, calendars)
        for name, response in self.responses.items():
            place = ("responses", name)
            found += response.check(name, place, vocabulary, warnings=warnings)
        for name, plan in self.nurture.items():
            place = ("nurture", name)
            found += plan.check(name, place, self.stages, words, warnings=warnings)
        found += self._check_hours(calendars)
        for old, new in self.migrate.items():
            if new not in self.stages:
                hint = did_you_mean(new, self.stages)
                found.append(Problem("unknown-name", f"no stage '{new}'{hint}", ("migrate", old)))
            elif old in self.stages:
                message = f"stage '{old}' is still there; its leads stay where they are"
                found.append(Problem("wrong-value", message, ("migrate", old)))
        if not any(problem.severity == "error" for problem in found):
            found += check_graph(self.stages, self.moves)
            found += check_order(self.stages, self.moves)
            found += check_times(self.stages, self.moves, self.touches, self.clocks)
            found += check_deadlines(self.stages, self.moves, self.touches, self.clocks)
            found += check_touches(self.stages, self.moves, self.touches)
            found += self._check_roles()
        return [problem for problem in found if warnings or problem.severity == "error"]

    def _check_touches(self, move: Move, path: Path) -> Iterator[Problem]:
        for index, name in enumerate(move.touches):
            place = (*path, "touches", index)
            if name not in self.touches:
                hint = did_you_mean(name, self.touches)
                yield Problem("unknown-name", f"no rule of touches '{name}'{hint}", place)
                continue
            for stage in move.from_:
                if stage in self.stages and stage not in self.touches[name].in_:
                    message = f"'{name}' is not owed in stage '{stage}', which this move leaves"
                    yield Problem("wrong-value", message, place)

    def _check_roles(self) -> Iterator[Problem]:
        """Yield every role that is told or owes something, and that nobody has anywhere else."""
        known = dict.fromkeys(stage.owner for stage in self.stages.values() if stage.owner)
        known |= dict.fromkeys(role for move in self.moves for role in move.by)
        known |= dict.fromkeys(self.force)
        for stage in self.stages.values():
            known |= dict.fromkeys(stage.approvals.by if stage.approvals else ())
            known |= dict.fromkeys(role for needed in stage.requires.values() for role in needed.by)
        for path, role in self._told_roles():
            if role not in known:
                hint = did_you_mean(role, known)
                message = f"role '{role}' owns no stage, moves no lead and approves nothing{hint}"
                yield Problem("unknown-role", message, path, severity="warning")

    def _told_roles(self) -> Iterator[tuple[Path, str]]:
        for role in self.hours.roles if self.hours else ():
            yield ("hours", "roles", role), role
        for name, rule in self.touches.items():
            for key in ("by", "waive_by"):
                for index, role in enumerate(getattr(rule, key)):
                    yield ("touches", name, key, index), role
        for name, clock in self.clocks.items():
            for percent, role in clock.escalate.items():
                if role not in {REMIND, REASSIGN}:
                    yield ("clocks", name, "escalate", f"{percent}%"), role
        for name, response in self.responses.items():
            if response.by is not None:
                yield ("responses", name, "by"), response.by

    def _check_hours(self, calendars: Mapping[str, Calendar]) -> Iterator[Problem]:
        for path, name in self.hours.named() if self.hours else ():
            if name not in calendars:
                message = f"no calendar '{name}'{did_you_mean(name, calendars)}"
                yield Problem("unknown-name", message, ("hours", *path))
        if self.hours is None:
            for path, delay in self.delays():
                if delay.needs_hours:
                    message = f"'{delay}' needs a calendar; expected hours: {{default: ...}}"
                    yield Problem("missing-key", message, path)


def _delays(part: Any, path: Path) -> Iterator[tuple[Path, Delay]]:
    match part:
        case Delay():
            yield path, part
        case Section():
            for name in type(part).model_fields:
                yield from _delays(getattr(part, name), (*path, name.rstrip("_")))
        case Mapping():
            for name, inner in part.items():
                yield from _delays(inner, (*path, name))
        case tuple():
            for index, inner in enumerate(part):
                yield from _delays(inner, (*path, index))


def _counted(count: int, noun: str) -> str:
    plural = noun.replace("rule of", "rules of") if noun.startswith("rule of") else f"{noun}s"
    return f"{count} {noun if count == 1 else plural}"
