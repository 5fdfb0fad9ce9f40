"""The section `metrics` of a policy: what the words of the funnel mean in this company."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from leadrules.conditions.tree import Path
from leadrules.errors import EvaluationError, Problem, as_written, did_you_mean, one_of
from leadrules.metrics.periods import DaysText
from leadrules.sections import Prose, Section, Text, Texts
from leadrules.values import Type
from leadrules.vocabulary import Vocabulary
from leadrules.zones import ZoneName

__all__ = ["STEPS", "FunnelWords", "Measures", "Objective", "Reentry", "Skipped", "Step", "Unit"]

Unit = Literal["lead", "contact", "account", "opportunity"]
"""What is counted; a row of the tables is about one of them."""
Reentry = Literal["first", "last", "every"]
"""Which entry into a stage counts, of a lead that was there several times."""
Skipped = Literal["imputed", "missing"]
"""What is said of a stage that a lead skipped: that it was there when it came to the next one of
the path, or that it never was."""
Step = Literal["suspect", "prospect", "sales_ready", "quote", "close"]
STEPS: tuple[Step, ...] = ("suspect", "prospect", "sales_ready", "quote", "close")
"""The words of the funnel, in order."""
ENDS = ("lost", "disqualified", "recycled")
"""The keys, and kinds, of stages in which nobody works a lead towards a sale."""


class FunnelWords(Section):
    """Which stage each word of the funnel means."""

    suspect: Text | None = None
    """Where those are who fit the market; by default the first stage of the path, if no other word
    means it."""
    prospect: Text | None = None
    """Where those are who showed interest."""
    sales_ready: Text | None = None
    """Where those are whom marketing found good enough for sales."""
    quote: Text | None = None
    """Where those are who have a proposal."""
    close: Text | None = None
    """Where those are who bought; by default the first stage of kind `won`."""


class Objective(Section):
    """How many there should be: of leads in a stage, or of an activity such as registrations."""

    id: Text
    """What it is called."""
    reach: Text | None = None
    """The word of the funnel, or the stage, that leads should reach."""
    activity: Text | None = None
    """The type of activity that should happen, each lead counted once."""
    target: (
        Annotated[int, Field(strict=True, ge=1)]
        | Mapping[str, Annotated[int, Field(strict=True, ge=1)]]
    )
    """How many; with `by`, of each group, or by name of the group."""
    by: Text | None = None
    """The field by which leads are grouped, such as the region or the owner."""
    period: DaysText
    """When: `2026-Q3`, `2026-07`, or `2026-07-01 to 2026-08-15`."""
    description: Prose = None
    """What it is for."""


class Measures(Section):
    """What is counted, and what the words of the funnel mean.

    Where a policy has a lifecycle, that says what is not stated here: `policy.measures`. For
    tables of another system, it stands alone.

    Examples:
        >>> words = Measures(funnel={"sales_ready": "mql", "close": "won"})
        >>> words.stage("close"), words.order
        ('won', ('mql', 'won'))
    """

    unit: Unit = "lead"
    """What is counted."""
    funnel: FunnelWords = Field(default_factory=FunnelWords)
    """Which stage each word means."""
    path: Texts = ()
    """The stages in the order of success; by default the open stages of the lifecycle that stand
    under none of the keys below, and the one that is won; without a lifecycle those of the funnel.
    """
    lost: Texts = ()
    """The stages in which a lead is lost; by default those of that kind."""
    disqualified: Texts = ()
    """The stages of those who were no leads; by default those of that kind."""
    recycled: Texts = ()
    """The stages of those who are asked again later; by default those of that kind."""
    reentry: Reentry = "first"
    """Which entry counts, of a lead that was in a stage several times."""
    skipped: Skipped = "imputed"
    """What is said of a stage that a lead skipped: `imputed`, that it came there when it first came
    to a later one of the path, or `missing`, that it never did."""
    value: Text | None = None
    """The field of money that says what a deal is worth."""
    contact: Texts = ()
    """The outcomes of a touch by which a person was reached; by default those of the lifecycle."""
    zone: ZoneName | None = None
    """The zone of days and months; by default that of the policy."""
    objectives: tuple[Objective, ...] = ()
    """What marketing and sales want to reach."""

    @property
    def order(self) -> tuple[str, ...]:
        """The stages in the order of success."""
        named = (getattr(self.funnel, step) for step in STEPS)
        return self.path or tuple(dict.fromkeys(stage for stage in named if stage))

    @property
    def steps(self) -> Mapping[Step, str]:
        """The words of the funnel that have a meaning, in order, each with its stage."""
        named = {step: getattr(self.funnel, step) for step in STEPS}
        return {step: stage for step, stage in named.items() if stage}

    @property
    def in_zone(self) -> str:
        """The zone of days and months."""
        return self.zone or "UTC"

    @property
    def closed(self) -> tuple[str, ...]:
        """The stages in which nobody works a lead towards a sale; the one that is won is first."""
        won = (self.won,) if self.won else ()
        return (*won, *self.lost, *self.disqualified, *self.recycled)

    @property
    def won(self) -> str | None:
        """The stage of those who bought: what `close` means."""
        return self.funnel.close

    def stage(self, word: str, name: str = "stage") -> str:
        """Return the stage that a word of the funnel, or its own name, means.

        Args:
            word: The word or the stage.
            name: What a message calls it.

        Raises:
            EvaluationError: If it is neither; a stage that is not on the path is one only if it is
                named as lost, disqualified or recycled.
        """
        found = self.steps.get(word)  # type: ignore[call-overload]  # any text may be asked for
        known = dict.fromkeys((*self.steps, *self.order, *self.closed))
        if found is None and word not in known:
            expected = f"; expected {one_of(known)}" if known else ""
            hint = did_you_mean(str(word), known) or expected
            message = f"{name}: no step or stage '{as_written(word)}'{hint}"
            raise EvaluationError(message, field=name)
        return str(found or word)

    def completed(
        self,
        *,
        zone: str,
        kinds: Mapping[str, str] | None = None,
        contact: Collection[str] = (),
    ) -> Self:
        """Return it with what is not stated taken from a lifecycle.

        Args:
            zone: The zone of the policy.
            kinds: The kind of each stage, in the order of the process.
            contact: The outcomes by which a person was reached.
        """
        found: dict[str, Any] = {"zone": self.zone or zone, "contact": self.contact or (*contact,)}
        for end in ENDS:
            stages = tuple(x for x, kind in (kinds or {}).items() if kind == end)
            found[end] = getattr(self, end) or stages
        if kinds:
            ends = {stage for end in ENDS for stage in found[end]}
            won = self.won or next((x for x, kind in kinds.items() if kind == "won"), None)
            on_the_way = (x for x, kind in kinds.items() if kind == "open" and x not in ends)
            path = found["path"] = self.path or (*on_the_way, *((won,) if won else ()))
            taken = {*self.steps.values(), won}
            first = self.funnel.suspect or next((x for x in path[:1] if x not in taken), None)
            found["funnel"] = self.funnel.model_copy(update={"close": won, "suspect": first})
        return self.model_copy(update=found)

    def check(
        self,
        vocabulary: Vocabulary,
        kinds: Mapping[str, str] | None,
    ) -> Iterator[Problem]:
        """Yield every problem that the models cannot know, each with its path.

        Args:
            vocabulary: The names of the policy.
            kinds: The kind of each stage of its lifecycle, if it has one.
        """
        yield from self.check_stages(kinds)
        if self.value is not None:
            yield from _check_money(self.value, vocabulary)
        full = self.completed(zone="UTC", kinds=kinds)
        yield from self._check_objectives(vocabulary, {*full.steps, *full.order, *(kinds or {})})

    def check_stages(self, kinds: Mapping[str, str] | None = None) -> Iterator[Problem]:
        """Yield every problem with the stages: words, path and ends that contradict each other.

        Args:
            kinds: The kind of each stage of the lifecycle, if there is one.
        """
        for path, stage in self._named():
            if kinds is not None and stage not in kinds:
                yield Problem(
                    "unknown-name", f"no stage '{stage}'{did_you_mean(stage, kinds)}", path
                )
        order = self.completed(zone="UTC", kinds=kinds).order
        before = -1
        for step, stage in self.steps.items():
            if stage not in order:
                if kinds is None or stage in kinds:
                    message = (
                        f"'{stage}' is not on the path; expected a stage that leads to the sale"
                    )
                    yield Problem("wrong-value", message, ("funnel", step))
                continue
            place = order.index(stage)
            if place <= before:
                message = f"'{stage}' does not come after the step before, by the order of the path"
                yield Problem("wrong-value", message, ("funnel", step))
            before = max(before, place)
        if self.won and kinds and kinds.get(self.won, "won") != "won":
            message = f"'{self.won}' is no stage of kind 'won'"
            yield Problem("wrong-value", message, ("funnel", "close"))
        for index, stage in enumerate(self.path):
            if kinds and kinds.get(stage) in ENDS:
                message = f"'{stage}' is of kind '{kinds[stage]}'; expected an open stage, or 'won'"
                yield Problem("wrong-value", message, ("path", index))
        yield from self._check_places(order)

    def _named(self) -> Iterator[tuple[Path, str]]:
        for step, stage in self.steps.items():
            yield ("funnel", step), stage
        for key in ("path", *ENDS):
            for index, stage in enumerate(getattr(self, key)):
                yield (key, index), stage

    def _check_places(self, order: Sequence[str]) -> Iterator[Problem]:
        """Yield a problem for each stage that stands in two places, of which one cannot be."""
        places: dict[str, str] = {} if self.path else dict.fromkeys(order, "on the path")
        for key in ("path", *ENDS):
            for index, stage in enumerate(getattr(self, key)):
                here = "on the path" if key == "path" else f"under '{key}'"
                place = places.setdefault(stage, here)
                if place != here or stage in getattr(self, key)[:index]:
                    where = "here twice" if place == here else f"{place}, too"
                    yield Problem("duplicate", f"'{stage}' stands {where}", (key, index))

    def _check_objectives(
        self, vocabulary: Vocabulary, words: Collection[str]
    ) -> Iterator[Problem]:
        seen: set[str] = set()
        for index, found in enumerate(self.objectives):
            path: Path = ("objectives", index)
            if found.id in seen:
                yield Problem("duplicate", f"two objectives are called '{found.id}'", (*path, "id"))
            seen.add(found.id)
            if found.reach is None and found.activity is None:
                message = "expected either 'reach' or 'activity'"
                yield Problem("missing-key", message, path)
            elif found.reach is not None and found.activity is not None:
                message = "expected 'reach' or 'activity', not both"
                yield Problem("wrong-value", message, path)
            if found.reach is not None and found.reach not in words:
                hint = did_you_mean(found.reach, words)
                message = f"no step or stage '{found.reach}'{hint}"
                yield Problem("unknown-name", message, (*path, "reach"))
            if found.activity is not None and found.activity not in vocabulary.activities:
                hint = did_you_mean(found.activity, vocabulary.activities)
                message = f"no activity '{found.activity}'{hint}"
                yield Problem("unknown-name", message, (*path, "activity"))
            if found.by is not None and found.by not in vocabulary.fields:
                hint = did_you_mean(found.by, vocabulary.fields)
                yield Problem("unknown-name", f"no field '{found.by}'{hint}", (*path, "by"))
            if found.by is None and not isinstance(found.target, int):
                message = "targets of groups need 'by', the field that groups the leads"
                yield Problem("missing-key", message, (*path, "target"))


def _check_money(name: str, vocabulary: Vocabulary) -> Iterator[Problem]:
    declared = vocabulary.fields.get(name)
    if declared is None:
        hint = did_you_mean(name, vocabulary.fields)
        yield Problem("unknown-name", f"no field '{name}'{hint}", ("value",))
    elif declared.type is not Type.MONEY:
        message = f"'{name}' is of the type {declared.type}; expected a field of money"
        yield Problem("wrong-type", message, ("value",))
