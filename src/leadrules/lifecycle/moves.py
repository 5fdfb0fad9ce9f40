"""Moves between stages as documents: the transitions of the machine, with what guards them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, WithJsonSchema

from leadrules.calendars import Delay, Wait
from leadrules.conditions.analysis import outcomes
from leadrules.conditions.checker import check
from leadrules.conditions.format import format_condition
from leadrules.conditions.tree import Always, Path, fields_of
from leadrules.conditions.when import When
from leadrules.errors import Problem, did_you_mean
from leadrules.lifecycle.stages import Stage
from leadrules.sections import Prose, Section, Text, Texts
from leadrules.values import Type
from leadrules.vocabulary import Declaration, Vocabulary

__all__ = ["OTHER", "Move"]

OTHER = "other"
"""The reason that needs a note."""


def _form(value: object) -> str:
    return "<wake>" if value == "wake" else "<delay>"


After = Annotated[
    Annotated[Wait, Tag("<delay>")] | Annotated[Literal["wake"], Tag("<wake>")],
    Discriminator(_form),
    WithJsonSchema({"type": "string", "examples": ["wake", "30 minutes", "2 business days"]}),
]
"""A delay; or `wake`, the time for which the stage lets leads sleep."""


class Move(Section):
    """A transition: from some stages to one, by whom, and under which conditions."""

    from_: Texts = Field(alias="from")
    """The stages that it leads out of."""
    to: Text
    """The stage that it leads to."""
    by: Texts = ()
    """The roles that may ask for it; any, if none are named and the policy does not take it."""
    when: When = Always()
    """The guard: a condition on the lead, its score and what is owed to it."""
    automatic: Annotated[bool, Field(strict=True)] = False
    """Whether the policy takes it by itself, as soon as nothing stands against it."""
    after: After | None = None
    """How long after the entry into the stage the policy takes it by itself; `wake` is when the
    stage wakes the lead."""
    accept_within: Wait | None = None
    """How long the roles in `by` may take to accept what is handed over to them."""
    on_timeout: Literal["accept"] | None = None
    """Whether silence accepts: the policy takes the move when the time to accept is over."""
    reason: Literal["required", "optional"] | None = None
    """Whether who asks has to say why; by default, if the stage it leads to has reasons."""
    because: Text | None = None
    """The reason that it states when the policy takes it."""
    fields: Texts = ()
    """The fields of the lead that have to be known."""
    touches: Texts = ()
    """The rules of touches that have to be met, or waived."""
    why: Prose = None
    """Why sales and marketing agreed on it."""

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """Show the condition as people write it."""
        texts = {"when": format_condition(self.when)}
        return [(name, texts.get(str(name), value)) for name, value in super().__repr_args__()]

    @property
    def timer(self) -> Delay | Literal["wake"] | None:
        """How long after the entry into the stage the policy takes it, if time is what it takes."""
        return self.accept_within if self.on_timeout is not None else self.after

    @property
    def by_policy(self) -> bool:
        """Whether the policy takes it by itself, at once or in time."""
        return self.automatic or self.timer is not None

    @property
    def by_anybody(self) -> bool:
        """Whether somebody may ask for it, whatever the role."""
        return not self.by and not self.by_policy

    def needs_reason(self, target: Stage) -> bool:
        """Return whether it has to be said why a lead goes to the stage that it leads to."""
        return bool(target.reasons) if self.reason is None else self.reason == "required"

    def check(
        self,
        path: Path,
        stages: Mapping[str, Stage],
        vocabulary: Vocabulary,
        *,
        warnings: bool = True,
    ) -> Iterator[Problem]:
        """Yield every problem of the move, each with its path.

        Args:
            path: The path of the move.
            stages: The stages that there are.
            vocabulary: The names that its guard may use.
            warnings: Whether to look for what is odd, too, which takes longer.
        """
        if not self.from_:
            yield Problem("empty", "no stages; expected at least one", (*path, "from"))
        for index, name in enumerate(self.from_):
            if name not in stages:
                yield _no_stage(name, stages, (*path, "from", index))
            elif name == self.to:
                message = f"'{name}' leads to itself; a move goes to another stage"
                yield Problem("wrong-value", message, (*path, "from", index))
        if self.to not in stages:
            yield _no_stage(self.to, stages, (*path, "to"))
        else:
            yield from self._check_reason(path, stages[self.to])
        yield from self._check_time(path, stages)
        for index, name in enumerate(self.fields):
            if name in vocabulary.derived:
                message = f"'{name}' is no field of the lead; expected one, or a condition in when"
                yield Problem("unknown-name", message, (*path, "fields", index))
            elif name not in vocabulary.fields:
                known = [x for x in vocabulary.fields if x not in vocabulary.derived]
                message = f"no field '{name}'{did_you_mean(name, known)}"
                yield Problem("unknown-name", message, (*path, "fields", index))
        guard = check(self.when, vocabulary, warnings=warnings)
        for problem in guard:
            yield replace(problem, path=(*path, "when", *problem.path))
        if warnings and not guard and set(self.from_) <= set(stages):
            yield from self._check_place((*path, "when"), stages, vocabulary)

    def _check_place(
        self, path: Path, stages: Mapping[str, Stage], vocabulary: Vocabulary
    ) -> Iterator[Problem]:
        """Yield every stage out of which the guard lets no lead, since it asks for another one."""
        read = {"stage", "owner_role"}.intersection(fields_of(self.when))
        for name in self.from_ if read else ():
            here = {"stage": name, "owner_role": stages[name].owner}
            known = {x: Declaration(Type.ENUM, (only,)) for x, only in here.items() if only}
            words = replace(vocabulary, derived={**vocabulary.derived, **known})
            if True not in (outcomes(self.when, words) or {True}):
                message = f"no lead in stage '{name}', which this move leaves, can make it true"
                yield Problem("never-true", message, path, severity="warning")

    def _check_reason(self, path: Path, target: Stage) -> Iterator[Problem]:
        if self.reason == "required" and not target.why:
            message = f"stage '{self.to}' has no reasons to choose from; expected reasons there"
            yield Problem("empty", message, (*path, "reason"))
        if self.because is not None and not self.by_policy:
            message = "the policy does not take this move; expected automatic, after or on_timeout"
            yield Problem("wrong-value", message, (*path, "because"))
        elif self.because is not None and target.why and self.because not in target.why:
            hint = did_you_mean(self.because, target.why)
            message = f"no reason '{self.because}' of stage '{self.to}'{hint}"
            yield Problem("unknown-name", message, (*path, "because"))
        elif self.because is None and self.by_policy and self.needs_reason(target):
            message = (
                f"stage '{self.to}' needs a reason; expected because: one of its reasons, since "
                "the policy takes this move"
            )
            yield Problem("missing-key", message, path)
        unsaid = not self.needs_reason(target) and (self.because is None or bool(self.by))
        if unsaid and target.reasons and target.wake and target.wait(None) is None:
            message = (
                f"nothing wakes a lead that comes to stage '{self.to}' without a reason; "
                "expected one, or default in wake there"
            )
            yield Problem("gap", message, path, severity="warning")

    def _check_time(self, path: Path, stages: Mapping[str, Stage]) -> Iterator[Problem]:
        if self.accept_within is not None and not self.by:
            message = "nobody is to accept; expected by: the roles that do"
            yield Problem("missing-key", message, (*path, "accept_within"))
        if self.on_timeout is not None and self.accept_within is None:
            message = "there is no time to run out; expected accept_within as well"
            yield Problem("missing-key", message, (*path, "on_timeout"))
        if self.automatic and self.timer is not None:
            key, alone = ("after", "after") if self.on_timeout is None else ("on_timeout", "it")
            message = (
                "automatic takes this move at once, and waits for nothing; expected one of the "
                f"two: {alone} alone is automatic in time"
            )
            yield Problem("wrong-value", message, (*path, key))
        if self.on_timeout is not None and self.after is not None:
            message = "accepting in time is what takes it already; expected one of the two"
            yield Problem("wrong-value", message, (*path, "after"))
        if self.after == "wake":
            asleep = [x for x in self.from_ if x in stages and not stages[x].wake]
            for name in asleep:
                message = f"stage '{name}' wakes no lead; expected wake there"
                yield Problem("wrong-value", message, (*path, "after"))


def _no_stage(name: str, stages: Mapping[str, Stage], path: Path) -> Problem:
    return Problem("unknown-name", f"no stage '{name}'{did_you_mean(name, stages)}", path)
