"""What is true of every policy, to be tried on yours: the laws of scoring, stages and routing.

Each law takes a scorer, or an engine for those of stages, and a history, as `histories` gives it,
and raises `Violation`; so it can stand in a test of your own, too. Those of routing take an engine
and several leads, as `arrivals` gives them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from leadrules.engine import Engine
from leadrules.policy import Policy
from leadrules.scoring.score import Score
from leadrules.testing.history import History, ScoresLeads
from leadrules.testing.laws import (
    Violation,
    bands_do_not_flap,
    broken,
    caps_hold,
    decay_never_raises,
    explanations_add_up,
    order_does_not_matter,
    positive_activities_never_lower,
)
from leadrules.testing.lifecycle_laws import (
    limits_are_kept,
    live_equals_replay,
    nobody_is_forgotten,
    refusals_are_foretold,
    settling_is_done_at_once,
    states_survive_json,
)
from leadrules.testing.route_frames import frames_route_as_leads
from leadrules.testing.routing_laws import (
    leads_are_not_given_back,
    nobody_gets_what_they_cannot_take,
    nothing_is_lost,
    previews_are_decisions,
    rotations_survive_json,
    unassigned_leads_change_nothing,
    weights_are_shares,
)
from leadrules.testing.strategies import arrivals, histories
from leadrules.vocabulary import column_of

__all__ = [
    "INVARIANTS",
    "INVARIANTS_OF_ROUTES",
    "INVARIANTS_OF_STAGES",
    "Violation",
    "bands_do_not_flap",
    "caps_hold",
    "check_policy",
    "decay_never_raises",
    "explanations_add_up",
    "frames_equal_leads",
    "frames_route_as_leads",
    "leads_are_not_given_back",
    "limits_are_kept",
    "live_equals_replay",
    "nobody_gets_what_they_cannot_take",
    "nobody_is_forgotten",
    "nothing_is_lost",
    "order_does_not_matter",
    "positive_activities_never_lower",
    "previews_are_decisions",
    "refusals_are_foretold",
    "rotations_survive_json",
    "settling_is_done_at_once",
    "states_survive_json",
    "unassigned_leads_change_nothing",
    "weights_are_shares",
]

INVARIANTS: tuple[Callable[[ScoresLeads, History], None], ...] = (
    caps_hold,
    order_does_not_matter,
    positive_activities_never_lower,
    decay_never_raises,
    bands_do_not_flap,
    explanations_add_up,
)
"""The laws of the score of one lead with its events at a moment."""

INVARIANTS_OF_STAGES: tuple[Callable[[Engine, History], None], ...] = (
    live_equals_replay,
    states_survive_json,
    settling_is_done_at_once,
    refusals_are_foretold,
    limits_are_kept,
    nobody_is_forgotten,
)
"""The laws of where one lead is with its events at a moment, and what is owed to it."""

INVARIANTS_OF_ROUTES: tuple[Callable[[Engine, Sequence[History]], None], ...] = (
    nothing_is_lost,
    previews_are_decisions,
    rotations_survive_json,
    nobody_gets_what_they_cannot_take,
    weights_are_shares,
    unassigned_leads_change_nothing,
    leads_are_not_given_back,
)
"""The laws of who gets leads that come one after the other."""

_LEADS = 6
_EVENTS_OF_EACH = 4
_FRAME_EVERY = 10
_FEWEST_FRAMES = 5
_ROUTES_EVERY = 1


def check_policy(
    policy: Policy,
    *,
    examples: int = 200,
    scorer: ScoresLeads | None = None,
    engine: Engine | None = None,
) -> None:
    """Try every law of scoring, stages and routing on a policy, with the same leads each time.

    That frames give the same as leads is tried only where polars is installed.

    Args:
        policy: The policy.
        examples: How many leads are tried, each with its events at a moment.
        scorer: What scores them; by default the scorer of the engine.
        engine: What finds their stages and routes them; by default the engine of the policy.

    Raises:
        Violation: If a law is broken. It tells the plainest lead, events and moment that do it.
        EvaluationError: If the policy has no section `scoring`, `lifecycle` or `routing`.

    Examples:
        >>> from leadrules import load_policy, presets
        >>> check_policy(load_policy(presets.demo_policy()), examples=1)
    """
    used = engine or Engine(policy)
    always = settings(
        database=None,
        deadline=None,
        derandomize=True,
        max_examples=examples,
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )

    found: Any = scorer
    others = policy.lifecycle is not None or policy.routing is not None
    if scorer is None and not (policy.scoring is None and others):
        found = used.scorer

    @always
    @given(histories(policy))
    def laws_hold(history: History) -> None:
        for law in INVARIANTS if found is not None else ():
            law(found, history)
        for led in INVARIANTS_OF_STAGES if policy.lifecycle is not None else ():
            led(used, history)

    several = st.lists(histories(policy, most=_EVENTS_OF_EACH), min_size=1, max_size=_LEADS)

    @settings(always, max_examples=max(_FEWEST_FRAMES, examples // _FRAME_EVERY))
    @given(several)
    def frames_agree(each: Sequence[History]) -> None:
        frames_equal_leads(found, each)

    @settings(always, max_examples=max(1, examples // _ROUTES_EVERY))
    @given(arrivals(policy))
    def routes_hold(leads: Sequence[History]) -> None:
        for law in INVARIANTS_OF_ROUTES:
            law(used, leads)

    @settings(always, max_examples=max(_FEWEST_FRAMES, examples // _FRAME_EVERY))
    @given(arrivals(policy))
    def frames_route(leads: Sequence[History]) -> None:
        frames_route_as_leads(used, leads)

    frames = find_spec("polars") and find_spec("narwhals")
    laws_hold()
    if found is not None and frames:
        frames_agree()
    if policy.routing is not None:
        routes_hold()
        if frames:
            frames_route()


def frames_equal_leads(scorer: Any, histories: Sequence[History]) -> None:
    """A frame of leads with their events scores as each lead alone does.

    Args:
        scorer: A scorer of leads and frames.
        histories: The leads; each gets an id of its own.

    Raises:
        Violation: If it does not.
    """
    import polars as pl  # noqa: PLC0415 - frames are an extra

    from leadrules.frames import event_frame_of, frame_of  # noqa: PLC0415 - as above

    words = scorer.vocabulary
    each = [history.renamed(f"{number}") for number, history in enumerate(histories, start=1)]
    leads = frame_of([history.lead for history in each], vocabulary=words, backend="polars")
    events = event_frame_of(
        [event for history in each for event in history.events], vocabulary=words, backend="polars"
    )
    moments = pl.Series([x.at for x in each], dtype=pl.Datetime("us", "UTC"))
    bands = pl.Series([x.previous for x in each], dtype=pl.String)
    at, before = _free("moment", leads.columns), _free("before", leads.columns)
    frame = leads.with_columns(moments.alias(at), bands.alias(before))
    scored = scorer.score_frame(
        frame,
        events=events,
        at=at,
        previous=before if scorer.scoring.bands else None,
    )
    for history, row in zip(each, scored.to_dicts(), strict=True):
        score = history.score(scorer)
        for name, expected in _results(scorer, score).items():
            got = row[column_of(name)]
            if got != expected:
                wrong = f"the {name} is {got} in a frame, and {expected} alone"
                broken("a frame scores as each lead alone does", wrong, history)


def _free(name: str, taken: Sequence[str]) -> str:
    """Return a name that no column has."""
    while name in taken:
        name += "_"
    return name


def _results(scorer: ScoresLeads, score: Score) -> Mapping[str, Any]:
    """Return what a score says under the names of the results of its policy."""
    answers = {f"answer.{name}": said for name, said in score.answers}
    return {
        name: answers[name] if name in answers else getattr(score, name)
        for name in scorer.scoring.results
    }
