"""Stages as documents: who owns a lead there, what is needed to go on, and what it is for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from leadrules.calendars import Wait
from leadrules.conditions.tree import Path
from leadrules.errors import Problem, as_written, did_you_mean
from leadrules.sections import Prose, Section, Text, Texts
from leadrules.vocabulary import NAMES, is_name

__all__ = ["CLOSED", "Approvals", "Kind", "Requirement", "Stage"]

Kind = Literal["open", "won", "lost", "recycled", "disqualified"]
"""What a stage is: on the way, or one of the four ends that a round of a lead can have."""

CLOSED: frozenset[Kind] = frozenset({"won", "lost", "recycled", "disqualified"})
"""The kinds in which nobody works the lead towards a sale; a round ends there."""

APPROVALS = "approvals"
"""What `after` calls the approvals of the stage."""
WAKE = "default"
"""The reason that stands for all that `wake` does not name."""


class Requirement(Section):
    """Something that has to be there before a lead goes on from a stage."""

    by: Texts = ()
    """The roles that owe it, and whose word counts; by default the owner of the stage owes it, and
    anybody's word counts."""
    after: Texts = ()
    """What has to be there before it: other requirements, or `approvals`. It does not count
    before."""
    within: Wait | None = None
    """How long it may take, from the entry into the stage."""
    description: Prose = None
    """What it is."""


class Approvals(Section):
    """Who has to approve what is in a stage before a lead goes on from it."""

    by: Texts
    """The roles; each of them has to."""
    after: Texts = ()
    """The requirements that have to be there before; an approval does not count before."""
    within: Wait | None = None
    """How long they may take, from the entry into the stage."""


def _requirements(value: Any) -> Any:
    """Requirements may be written as a list of their names."""
    if not isinstance(value, list | tuple):
        return value
    problems: list[Problem] = []
    for index, name in enumerate(value):
        if not isinstance(name, str):
            message = f"'{as_written(name)}' is not possible; expected a text"
            problems.append(Problem("wrong-type", message, (index,)))
        elif name in value[:index]:
            problems.append(Problem("duplicate", f"'{name}' stands here twice", (index,)))
    if problems:
        raise PydanticCustomError("problems", "wrong names", {"problems": problems})
    return {name: {} for name in value}


def _approvals(value: Any) -> Any:
    """Approvals may be written as the roles alone."""
    return {"by": value} if isinstance(value, str | list | tuple) else value


class Stage(Section):
    """Where a lead can be."""

    owner: Text | None = None
    """The role that owns the leads there. Each stage that leads can leave has one."""
    queue: Text | None = None
    """Where leads wait that no person owns yet; by default, what the role is called."""
    kind: Kind = "open"
    """What it is: `open`, or `won`, `lost`, `recycled` or `disqualified`."""
    requires: Annotated[
        Mapping[str, Requirement],
        BeforeValidator(
            _requirements, json_schema_input_type=Mapping[str, Requirement] | tuple[str, ...]
        ),
    ] = Field(default_factory=dict)
    """What has to be there before a lead goes on to a stage that is open or won."""
    approvals: (
        Annotated[
            Approvals,
            BeforeValidator(_approvals, json_schema_input_type=Approvals | str | tuple[str, ...]),
        ]
        | None
    ) = None
    """Who has to approve before a lead goes on to a stage that is open or won."""
    update_every: Wait | None = None
    """How fresh its status has to be: the owner owes an update as often."""
    reasons: tuple[Text, ...] | None = None
    """Why a lead can come here; if there are some, every move says one."""
    wake: Mapping[str, Wait] = Field(default_factory=dict)
    """When a lead is to be looked at again, by the reason it came for; `default` for the others."""
    most: Annotated[int | None, Field(strict=True, ge=1, le=1_000)] = None
    """How often a lead may come here at most."""
    again_after: Wait | None = None
    """How long after it came here last a lead may come here again."""
    description: Prose = None
    """What a lead that is here is."""

    @property
    def is_closed(self) -> bool:
        """Whether a round of a lead ends here."""
        return self.kind in CLOSED

    @property
    def why(self) -> tuple[str, ...]:
        """The reasons for which a lead can come here, those that only `wake` names included."""
        own = self.reasons or ()
        return tuple(dict.fromkeys((*own, *(x for x in self.wake if x != WAKE))))

    def wait(self, reason: str | None) -> Wait | None:
        """Return how long a lead rests here that came for a reason."""
        return self.wake.get(reason or WAKE, self.wake.get(WAKE))

    def check(self, name: str, path: Path, *, is_final: bool) -> Iterator[Problem]:
        """Yield every problem of the stage alone, each with its path.

        Args:
            name: What it is called.
            path: The path of the stage.
            is_final: Whether no move leads out of it.
        """
        if not is_name(name):
            yield Problem("bad-name", f"'{name}' is no name; expected {NAMES}", path)
        if self.owner is None and not (self.is_closed and is_final):
            why = ", which leads can leave" if self.is_closed else ""
            message = f"nobody owns stage '{name}'{why}; expected owner: a role"
            yield Problem("missing-owner", message, path)
        reasons = self.reasons or ()
        if self.reasons == ():
            yield Problem("empty", "no reasons; expected at least one", (*path, "reasons"))
        for index, reason in enumerate(reasons):
            if reason in reasons[:index]:
                place: Path = (*path, "reasons", index)
                yield Problem("duplicate", f"'{reason}' stands here twice", place)
        for reason in self.wake:
            if reasons and reason not in (*reasons, WAKE):
                hint = did_you_mean(reason, reasons)
                message = f"no reason '{reason}' of this stage{hint}"
                yield Problem("unknown-name", message, (*path, "wake", reason))
        if self.kind == "recycled" and not self.wake:
            message = "a recycled lead has to wake up; expected wake: {default: 60 days}"
            yield Problem("missing-key", message, path)
        asleep = [reason for reason in self.reasons or () if self.wait(reason) is None]
        if self.wake and WAKE not in self.wake and (asleep or not self.reasons):
            whom = f"'{asleep[0]}'" if asleep else "another reason"
            message = f"nothing wakes a lead that comes for {whom}; expected default as well"
            yield Problem("gap", message, (*path, "wake"), severity="warning")
        if self.kind != "recycled" and self.wake:
            message = f"a stage of kind '{self.kind}' does not wake leads; expected kind: recycled"
            yield Problem("wrong-value", message, (*path, "wake"))
        yield from self._check_order(path)

    def _check_order(self, path: Path) -> Iterator[Problem]:
        """Yield what of the requirements waits for what is not there, or for itself."""
        if self.approvals is not None and not self.approvals.by:
            message = "no roles; expected at least one"
            yield Problem("empty", message, (*path, "approvals", "by"))
        for name in self.requires:
            if not is_name(name) or name == APPROVALS:
                message = f"'{name}' is no name; expected {NAMES}"
                yield Problem("bad-name", message, (*path, "requires", name))
        waits = self.waits
        for name, others in waits.items():
            own: Path = (*path, name) if name == APPROVALS else (*path, "requires", name)
            for index, other in enumerate(others):
                if other not in waits:
                    message = f"nothing '{other}' is required here{did_you_mean(other, waits)}"
                    yield Problem("unknown-name", message, (*own, "after", index))
        for name in waits:
            if _waits_for(name, name, waits):
                own = (*path, name) if name == APPROVALS else (*path, "requires", name)
                yield Problem("cycle", f"'{name}' waits for itself", (*own, "after"))

    @property
    def waits(self) -> Mapping[str, tuple[str, ...]]:
        """What each requirement, and the approvals, have to wait for."""
        found = {name: needed.after for name, needed in self.requires.items()}
        if self.approvals is not None:
            found[APPROVALS] = self.approvals.after
        return found


def _waits_for(start: str, goal: str, waits: Mapping[str, tuple[str, ...]]) -> bool:
    seen: set[str] = set()
    todo = list(waits[start])
    while todo:
        name = todo.pop()
        if name == goal:
            return True
        if name not in seen:
            seen.add(name)
            todo += waits.get(name, ())
    return False
