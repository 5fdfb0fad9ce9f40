"""`leadrules demo`: the main job, on a sample that the package brings along."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from leadrules import presets
from leadrules.cli.consoles import CommandError, results
from leadrules.cli.display import (
    best_first,
    distribution,
    leads_table,
    policy_brief,
    rejects_table,
)
from leadrules.cli.inputs import events_by_lead
from leadrules.engine import Engine
from leadrules.intake import Intake, load_mapping
from leadrules.lead import Lead
from leadrules.policy import Policy, load_policy
from leadrules.scoring.score import Score
from leadrules.scoring.scorer import Scorer
from leadrules.values import Cash, Type
from leadrules.vocabulary import Vocabulary, column_of

__all__ = ["show_demo", "write_demo"]

BEST, WORST = 6, 3


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
        f"As of {at:%Y-%m-%d %H:%M} UTC. Fired are the rules that gave points. Uncertain are the "
        "characteristics in which data is missing that might have given others."
    )

    _chapter(console, f"The scores of all {len(scores)} leads")
    console.print(distribution(scores, console))
    console.print()
    agree, said = _compared(scorer, intake.leads, scores, at)
    console.print(said)

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
        "  leadrules --help",
    ]
    return "\n".join(lines)


def _chapter(console: Console, title: str) -> None:
    console.print()
    console.print(Rule(Text(title, style="bold"), align="left"))


def _compared(
    scorer: Scorer, leads: Sequence[Lead], scores: Sequence[Score], at: datetime
) -> tuple[bool, str]:
    """Return whether the frame form gives the same scores, and what to say about it."""
    try:
        found = scorer.score_frame(_frame(leads, scorer), at=at)
    except ModuleNotFoundError as error:
        return True, (
            f"Not compared with the frame form, which needs the package '{error.name}'; "
            "install leadrules[frames]."
        )
    pairs = list(zip(found["score"].to_pylist(), found["fit"].to_pylist(), strict=True))
    differing = sum(
        pair != (score.score, score.fit) for pair, score in zip(pairs, scores, strict=True)
    )
    if differing:
        return False, f"The frame form gives another score or fit for {differing} leads."
    return True, f"Scored once more as a data frame: the same score and fit for all {len(leads)}."


def _frame(leads: Sequence[Lead], scorer: Scorer) -> Any:
    """Return leads as an Arrow table with a column for each field that the policy reads."""
    import pyarrow as pa  # noqa: PLC0415 - frames are an extra

    types = {
        Type.INTEGER: pa.int64(),
        Type.BOOLEAN: pa.bool_(),
        Type.DATETIME: pa.timestamp("us", tz="UTC"),
        Type.MONEY: pa.int64(),
    }
    words: Vocabulary = scorer.vocabulary
    columns: dict[str, Any] = {}
    for name in scorer.scoring.fields():
        kind, column = words.fields[name].type, column_of(name)
        values = [lead.record.get(name) for lead in leads]
        if kind is Type.MONEY:
            currencies = [x.currency if isinstance(x, Cash) else None for x in values]
            columns[f"{column}_currency"] = pa.array(currencies, pa.string())
            values = [x.minor if isinstance(x, Cash) else None for x in values]
        columns[column] = pa.array(values, types.get(kind, pa.string()))
    return pa.table(columns)
