"""`leadrules demo`: the main job, on a sample that the package brings along."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from leadrules import presets
from leadrules.cli.agenda import owed_table
from leadrules.cli.answers import answers_table
from leadrules.cli.consoles import CommandError, results
from leadrules.cli.display import (
    best_first,
    distribution,
    leads_table,
    policy_brief,
    questions_table,
    rejects_table,
)
from leadrules.cli.inputs import events_by_lead
from leadrules.cli.scores import columns_of_scores, record_of_score
from leadrules.engine import Engine
from leadrules.errors import EvaluationError
from leadrules.events import Event
from leadrules.intake import Intake, load_mapping
from leadrules.lead import Lead
from leadrules.lifecycle.owed import urgency
from leadrules.policy import Policy, load_policy
from leadrules.routing.assignment import Assignment
from leadrules.routing.router import Answered
from leadrules.routing.trace import Trace
from leadrules.scoring.explanation import Explanation
from leadrules.scoring.score import Score
from leadrules.scoring.scorer import Scorer
from leadrules.vocabulary import column_of

__all__ = ["show_demo", "write_demo"]

BEST, WORST, QUESTIONS, NEXT = 6, 3, 4, 5
TEAM = "first_calls"
"""The pool whose members are counted."""


def show_demo() -> int:
    """Score the sample and show every step; return 1 if the two forms disagree."""
    console = results()
    policy = load_policy(presets.demo_policy())
    _chapter(console, "The policy that sales and marketing agreed on")
    console.print(policy_brief(policy))

    intake, happened = _read(policy)
    _chapter(console, "The exports of a CRM, read by mappings")
    console.print(
        f"{intake.read} rows of leads read: {intake.accepted} accepted, {len(intake.rejects)} "
        f"rejected. {happened.read} rows of what they did: {happened.accepted} accepted, "
        f"{len(happened.rejects)} rejected. {len(intake.leads)} leads and {len(happened.events)} "
        "events; one row of each says again what another said."
    )
    console.print("Rejected, of the leads:")
    console.print(rejects_table(intake.rejects))
    console.print("Rejected, of what they did:")
    console.print(rejects_table(happened.rejects))

    scorer = Engine(policy).scorer
    at = presets.DEMO_AT
    histories = events_by_lead(intake, [happened])
    scores = [scorer.score(lead, events=histories.get(lead.id, ()), at=at) for lead in intake.leads]
    ranked = best_first(scores)
    _chapter(console, "The best and the worst leads")
    console.print(leads_table(ranked[:BEST], worst=ranked[-WORST:]))
    console.print(
        f"As of {at:%Y-%m-%d %H:%M} UTC. Fit is who they are, Engaged what they did; fired are the "
        "rules that gave points."
    )

    told = _told(scorer, intake, histories, scores)
    _chapter(console, "Where the points of a lead come from")
    console.print(Text(told.text(width=console.width, brief=True)), soft_wrap=True)

    _chapter(console, "What to ask about that lead")
    lead = next(lead for lead in intake.leads if lead.id == told.score.lead_id)
    asked = scorer.questions(lead, events=histories.get(lead.id, ()), at=at)
    console.print(questions_table(asked[:QUESTIONS]))

    _chapter(console, f"The scores of all {len(scores)} leads")
    console.print(distribution(scores, console))
    counts = Counter(score.band for score in scores)
    console.print()
    bands = scorer.scoring.results["band"].choices
    console.print(", ".join(f"{counts[name]} {name}" for name in bands) + ".")
    agree, said = _compared(policy, intake.leads, happened.events, scores, at)
    console.print(said)

    _chapter(console, "Who gets the leads that nobody owns")
    _show_routed(console, Engine(policy), intake.leads, histories)

    _chapter(console, "What is owed this morning")
    _show_owed(console, Engine(policy), intake.leads, histories)

    _chapter(console, "How the process does")
    _show_report(console, Engine(policy), intake.leads, happened.events)

    _chapter(console, "Now yours")
    console.print("Write the sample into a folder, change it, and see what becomes of it:")
    console.print()
    console.print(Text(_next_steps("trial", write=True)), soft_wrap=True)
    return 0 if agree else 1


def _read(policy: Policy) -> tuple[Intake, Intake]:
    """Return the leads of the sample, and what they did."""
    leads = load_mapping(presets.demo_mapping(), vocabulary=policy.vocabulary)
    with presets.demo_leads_file() as path:
        intake = leads.read(path)
    events = load_mapping(presets.demo_events_mapping(), vocabulary=policy.vocabulary)
    with presets.demo_events_file() as path:
        return intake, events.read(path)


def _show_routed(
    console: Console,
    engine: Engine,
    leads: Sequence[Lead],
    histories: Mapping[str, Sequence[Event]],
) -> None:
    """Show who gets the leads without an owner, the best first, and how a team shares them."""
    at, router = presets.DEMO_AT, engine.router
    found = [engine.evaluate(x, events=histories.get(x.id, ()), at=at) for x in leads]
    unowned = [
        (x.score.score, lead)
        for x, lead in zip(found, leads, strict=True)
        if x.score is not None and x.state is not None and x.state.owner is None
    ]
    answers: list[Answered] = []
    traces: list[Trace] = []
    state = router.start()
    for _, lead in sorted(unowned, key=lambda pair: -pair[0]):
        events, before = histories.get(lead.id, ()), state
        answer, state = engine.route(lead, events=events, rotation=before, at=at)
        answers.append(answer)
        if answer.passed and not traces:
            traces.append(engine.explain_route(lead, events=events, rotation=before, at=at))
    first = {(x.rule, x.passed): x for x in reversed(answers)}
    console.print(f"{len(answers)} leads have no owner. Of each kind the best:")
    console.print(answers_table([x for x in answers if x in first.values()], router.routing.rules))
    owners = Counter(x.owner for x in answers if isinstance(x, Assignment) and x.pool == TEAM)
    shares = router.routing.pools[TEAM].shares(router.routing.members)
    each = (f"{name} {owners[name]} of weight {x.weight}" for name, x in shares.items())
    console.print(f"{owners.total()} leads went to pool '{TEAM}', by turns: {', '.join(each)}.")
    for trace in traces:
        console.print()
        console.print(Text(trace.text(width=console.width)), soft_wrap=True)


def _show_owed(
    console: Console,
    engine: Engine,
    leads: Sequence[Lead],
    histories: Mapping[str, Sequence[Event]],
) -> None:
    """Show where the leads are, and what of them is late, or comes next."""
    at = presets.DEMO_AT
    agendas = [engine.agenda(x, events=histories.get(x.id, ()), at=at) for x in leads]
    owed = [item for found in agendas for item in found if item.due is not None]
    late = sum(item.status == "breached" for item in owed)
    ahead = sorted((x for x in owed if x.due and x.due >= at), key=lambda x: (x.due, urgency(x)))
    stages = Counter(found.stage for found in agendas)
    order = [name for name in engine.machine.lifecycle.stages if stages[name]]
    console.print(f"{', '.join(f'{stages[name]} {name}' for name in order)}.")
    console.print(f"{late} things are late. The next that are due:")
    console.print(owed_table(ahead[:NEXT], engine.policy.policy.zone))


def _show_report(
    console: Console, engine: Engine, leads: Sequence[Lead], events: Sequence[Event]
) -> None:
    """Show the most important of the report on the process."""
    try:
        frame, happened = engine.policy.frame(leads), engine.policy.event_frame(events)
        found = engine.report(frame, happened, at=presets.DEMO_AT)
    except ModuleNotFoundError as error:
        console.print(f"It needs the package '{error.name}'; install leadrules[metrics].")
        return
    except EvaluationError as error:  # the sample can be measured, so it is a package, too
        console.print(f"Not measured: {error}.")
        return
    console.print(Text(found.text(width=console.width, brief=True)), soft_wrap=True)


def _told(
    scorer: Scorer,
    intake: Intake,
    histories: Mapping[str, Sequence[Event]],
    scores: Sequence[Score],
) -> Explanation:
    """Return why the best lead that data keeps from a better band is where it is."""
    held = next(score for score in best_first(scores) if score.band_by == "hold")
    lead = next(lead for lead in intake.leads if lead.id == held.lead_id)
    return scorer.explain(lead, events=histories.get(lead.id, ()), at=held.at)


def write_demo(folder: Path) -> int:
    """Write the sample into a folder, which is made if there is none.

    Raises:
        CommandError: If one of the files is there already.
        OSError: If they cannot be written.
    """
    texts = {
        "policy.yaml": presets.demo_policy(),
        "mapping.yaml": presets.demo_mapping(),
        "leads.csv": presets.demo_leads(),
        "events-mapping.yaml": presets.demo_events_mapping(),
        "events.csv": presets.demo_events(),
    }
    for name in texts:
        if (folder / name).exists():
            raise CommandError(f"{folder / name} is there already; expected another folder")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    console = results()
    console.print(f"Wrote {', '.join(texts)} into {folder}. Try:", soft_wrap=True)
    console.print()
    console.print(Text(_next_steps(str(folder), write=False)), soft_wrap=True)
    return 0


def _next_steps(folder: str, *, write: bool) -> str:
    lines = [f"  leadrules demo --write {folder}"] if write else []
    lines += [
        f"  leadrules check {folder}/policy.yaml",
        f"  leadrules score {folder}/policy.yaml --leads {folder}/leads.csv \\",
        f"      --mapping {folder}/mapping.yaml --at {presets.DEMO_AT:%Y-%m-%dT%H:%M}Z \\",
        f"      --events {folder}/events.csv --events-mapping {folder}/events-mapping.yaml",
        f"  leadrules agenda {folder}/policy.yaml --leads {folder}/leads.csv \\",
        f"      --mapping {folder}/mapping.yaml --at {presets.DEMO_AT:%Y-%m-%dT%H:%M}Z \\",
        f"      --events {folder}/events.csv --events-mapping {folder}/events-mapping.yaml",
        f"  leadrules report {folder}/policy.yaml --leads {folder}/leads.csv \\",
        f"      --mapping {folder}/mapping.yaml --at {presets.DEMO_AT:%Y-%m-%dT%H:%M}Z \\",
        f"      --events {folder}/events.csv --events-mapping {folder}/events-mapping.yaml \\",
        f"      --by owner -o {folder}/report.html",
        "  leadrules --help",
    ]
    return "\n".join(lines)


def _chapter(console: Console, title: str) -> None:
    console.print()
    console.print(Rule(Text(title, style="bold"), align="left"))


def _compared(
    policy: Policy,
    leads: Sequence[Lead],
    events: Sequence[Event],
    scores: Sequence[Score],
    at: datetime,
) -> tuple[bool, str]:
    """Return whether the frame form gives the same scores, and what to say about it."""
    scorer = Engine(policy).scorer
    try:
        frame = policy.frame(leads, backend="pyarrow")
        happened = policy.event_frame(events, backend="pyarrow")
        found = scorer.score_frame(frame, events=happened, at=at)
    except ModuleNotFoundError as error:
        return True, (
            f"Not compared with the frame form, which needs the package '{error.name}'; "
            "install leadrules[frames]."
        )
    columns = columns_of_scores(scorer.scoring)
    rows = found.select([column_of(name) for name in scorer.scoring.results]).to_pylist()
    told = [record_of_score(score, columns) for score in scores]
    differing = sum(
        any(row[name] != score[name] for name in row) for row, score in zip(rows, told, strict=True)
    )
    if differing:
        return False, f"The frame form says something else of {differing} of {len(leads)} leads."
    return True, (
        f"Scored once more as data frames: the same scores, bands and answers for all {len(leads)}."
    )
