"""Where the policy has a lead at a moment: what it moves by itself, and what is owed then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leadrules.agenda import Owed
from leadrules.engine import Engine
from leadrules.lifecycle.state import State
from leadrules.lifecycle.transition import Code, Refusal, Request
from leadrules.scoring.score import Score
from leadrules.testing.history import History

__all__ = ["Progress", "progress_of"]


@dataclass(frozen=True, slots=True)
class Progress:
    """What a policy says of a lead, and where it has it.

    Attributes:
        history: The lead with its events, and the moment.
        score: How good it is; None if the policy does not score.
        state: Where it is, after what the policy moves by itself at that moment; None if the
            policy has no lifecycle, or nobody says that the lead has arisen.
        moved: The stages to which the policy moved it by itself, in order.
        agenda: What is owed to it then.
    """

    history: History
    score: Score | None
    state: State | None = None
    moved: tuple[str, ...] = ()
    agenda: tuple[Owed, ...] = ()

    @property
    def stage(self) -> str | None:
        """The stage that it is in."""
        return None if self.state is None else self.state.stage

    @property
    def owner(self) -> str | None:
        """The person who owns it, if one does."""
        return self.history.lead.owner if self.state is None else self.state.owner

    @property
    def results(self) -> Mapping[str, Any]:
        """What the score adds to the lead, for the guards of moves."""
        return {} if self.score is None else self.score.results

    def codes(
        self,
        engine: Engine,
        to: str,
        role: str | None = None,
        reason: str | None = None,
        note: str | None = None,
    ) -> tuple[Code, ...]:
        """Return the codes of what stands against a request; none if nothing does."""
        if self.state is None:
            return ()
        found = engine.machine.advance(
            self.state,
            Request(to=to, role=role, reason=reason, note=note),
            lead=self.history.lead,
            at=self.history.at,
            derived=self.results,
        )
        return found.codes if isinstance(found, Refusal) else ()


def progress_of(engine: Engine, history: History) -> Progress:
    """Return what a policy says of a lead at a moment, and where it has it.

    Raises:
        EvaluationError: If the policy cannot say.
    """
    lead, events, at = history.lead, history.events, history.at
    found = engine.evaluate(lead, events=events, at=at, previous=history.previous)
    progress = Progress(history, found.score)
    if found.state is None:
        return progress
    settled = engine.machine.settle(found.state, lead=lead, at=at, derived=progress.results)
    assert not isinstance(settled, Refusal)  # noqa: S101 - the state is of this moment and policy
    state = settled.state
    owed = engine.agenda(lead, state=state, events=events, at=at, previous=history.previous)
    moved = tuple(step.to for step in settled)
    return Progress(history, found.score, state, moved, tuple(owed))
