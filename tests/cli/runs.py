"""A command, run as a user runs it: exit status, standard output, standard error."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from leadrules import Engine, Event, Lead, Score, load_mapping, load_policy, presets

AT = "2026-10-05T07:00Z"
POLICY = """\
leadrules: 1
policy: {id: acme, version: 1, effective: 2026-01-01, zone: Europe/Berlin}
scoring:
  fit:
    characteristics:
      size: [{when: company.employees >= 50, points: 20}]
      role: [{when: title == "CEO", points: 2.5}]
      fresh: [{when: 'within(created, "1 hour")', points: 1}]
"""


class Run(NamedTuple):
    code: int
    out: str
    err: str


Command = Callable[..., Run]


def stripped(text: str) -> str:
    """Return text without colours, and without the blanks that fill lines up."""
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)
    return "\n".join(line.rstrip() for line in plain.split("\n"))


def unboxed(text: str) -> str:
    """Return a message without the box around it."""
    return " ".join(re.sub(r"[╭╮╰╯│─]", " ", text).split())


def written(name: str, text: str) -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


def sample_histories() -> list[tuple[Lead, list[Event]]]:
    policy = load_policy(presets.demo_policy())
    mapper = load_mapping(presets.demo_mapping(), vocabulary=policy.vocabulary)
    with presets.demo_leads_file() as path:
        leads = mapper.read(path).leads
    happened = load_mapping(presets.demo_events_mapping(), vocabulary=policy.vocabulary)
    with presets.demo_events_file() as path:
        events = happened.read(path).events
    return [(lead, [event for event in events if event.lead_id == lead.id]) for lead in leads]


def sample_scores(text: str = "") -> list[Score]:
    """Return the scores of the sample by a policy, or by its own."""
    scorer = Engine(load_policy(text or presets.demo_policy())).scorer
    return [
        scorer.score(lead, events=events, at=presets.DEMO_AT) for lead, events in sample_histories()
    ]
