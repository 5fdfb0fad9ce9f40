"""`leadrules explain`: why the score of a lead is what it is, and what to ask next."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from html import escape
from pathlib import Path
from textwrap import wrap

from leadrules.cli.consoles import CommandError, note, results
from leadrules.cli.formats import Told
from leadrules.cli.inputs import events_by_lead, moment_in, read_events, read_leads, read_policy
from leadrules.engine import Engine
from leadrules.errors import did_you_mean
from leadrules.intake import Intake
from leadrules.lead import Lead
from leadrules.scoring.explanation import Explanation
from leadrules.scoring.questions import Question

__all__ = ["explain_lead"]

WIDTH = 80
"""How wide text is where there is no terminal."""


def explain_lead(  # noqa: PLR0913 - the command's options
    path: Path,
    lead_id: str,
    *,
    leads: Path,
    mapping: Path | None,
    events: Sequence[Path],
    events_mapping: Path | None,
    tables: Sequence[tuple[str, Path]],
    at: datetime | None,
    previous: str | None,
    redact: bool,
    form: Told,
    brief: bool,
    questions: bool,
) -> int:
    """Explain the score of a lead, and return the exit status.

    Raises:
        LeadRulesError: If a document is wrong, or the leads cannot be read or scored, or there
            is no such lead.
        OSError: If a file cannot be read.
    """
    policy = read_policy(path, tables)
    scorer = Engine(policy).scorer
    moment = moment_in(policy.policy.zone, at)
    intake = read_leads(leads, policy, mapping=mapping)
    happened = read_events(events, policy.vocabulary, intake, mapping=events_mapping)
    lead = _named(lead_id, intake, leads)
    history = events_by_lead(intake, happened).get(lead.id, ())
    rejected = sum(len(found.rejects) for found in (intake, *happened))
    if rejected:
        note(f"{_rejected(rejected)}; leadrules score tells why")
    explanation = scorer.explain(lead, events=history, at=moment, previous=previous, redact=redact)
    asked = None
    if questions:
        asked = scorer.questions(lead, events=history, at=moment, previous=previous)
    _show(explanation, asked, form, brief=brief)
    return 1 if rejected else 0


def _named(lead_id: str, intake: Intake, source: Path) -> Lead:
    ids = {lead.id: lead for lead in intake.leads}
    if lead_id not in ids:
        rejected = f"; {_rejected(len(intake.rejects))}" if intake.rejects else ""
        raise CommandError(f"{source}: no lead '{lead_id}'{did_you_mean(lead_id, ids)}{rejected}")
    return ids[lead_id]


def _rejected(count: int) -> str:
    return "1 row was rejected" if count == 1 else f"{count} rows were rejected"


def _show(
    explanation: Explanation, asked: Sequence[Question] | None, form: Told, *, brief: bool
) -> None:
    console = results()
    if form is Told.JSON:
        data = explanation.to_dict()
        if asked is not None:
            data["questions"] = [asdict(question) for question in asked]
        shown = json.dumps(data, indent=2, ensure_ascii=False)
    elif form is Told.HTML:
        shown = _page(explanation, asked)
    else:
        width = console.width if console.is_terminal else WIDTH
        shown = explanation.text(width=width, brief=brief)
        if asked is not None:
            shown = "\n".join([shown, "", *_text(asked, width)])
    console.print(shown, soft_wrap=True)


def _page(explanation: Explanation, asked: Sequence[Question] | None) -> str:
    """Return an explanation as a page of its own."""
    lines = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="color-scheme" content="light dark">',
        f"<title>lead {escape(explanation.score.lead_id)}</title></head>",
        '<body style="font-family:system-ui,sans-serif;margin:1.5em">',
        explanation._repr_html_(),
    ]
    if asked is not None:
        items = [
            f"{escape(ask)}<br><small>{escape(effect)}</small>" for ask, effect in _told(asked)
        ]
        lines += ["<p>to ask next</p><ul>", *(f"<li>{item}</li>" for item in items), "</ul>"]
    return "\n".join([*lines, "</body></html>"])


def _text(asked: Sequence[Question], width: int) -> Iterator[str]:
    yield "to ask next"
    for ask, effect in _told(asked):
        yield from wrap(ask, width, initial_indent="  ", subsequent_indent="  ")
        yield from wrap(effect, width, initial_indent="    ", subsequent_indent="    ")


def _told(asked: Sequence[Question]) -> Iterator[tuple[str, str]]:
    """Yield what to ask, and what the answers could do."""
    for question in asked:
        if question.matters:
            name = "" if question.ask == question.name else f" ({question.name})"
            yield f"{question.ask}{name}", question.effect
    rest = [question.name for question in asked if not question.matters]
    if rest:
        yield "what changes nothing by itself", ", ".join(rest)
    if not asked:
        yield "nothing", "all is known that the score reads"
