"""Lead rules: a policy that sales and marketing agree on, evaluated.

A policy is a document. A document compiles to an evaluator. An evaluator has one meaning and
two forms: one lead, or a frame of leads.

A name is imported when it is first used, so that `import leadrules` costs a host next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leadrules.agenda.worklist import Agenda
    from leadrules.conditions.matcher import Matcher
    from leadrules.engine import Engine, Evaluation
    from leadrules.errors import (
        DocumentError,
        EvaluationError,
        Issue,
        LeadRulesError,
        MappingError,
        PolicyError,
    )
    from leadrules.events import Event
    from leadrules.handoff.packet import Handoff
    from leadrules.identity import Cluster, Dossier, MatchKey, duplicates, match_keys, merge
    from leadrules.intake import Intake, Mapper, load_mapping
    from leadrules.lead import Account, Company, Lead
    from leadrules.lifecycle.machine import StageMachine
    from leadrules.lifecycle.obligations import Obligation
    from leadrules.lifecycle.owed import Owed
    from leadrules.lifecycle.state import State
    from leadrules.lifecycle.survivor import surviving
    from leadrules.lifecycle.trail import ClockRun, Entry, Trail
    from leadrules.lifecycle.transition import Refusal, Request, Settled, Transition, Unmet
    from leadrules.policy import Policy, load_policy, policy_schema
    from leadrules.routing.assignment import Assignment, Unassigned
    from leadrules.routing.fairness import Fairness
    from leadrules.routing.rotation import Rotation
    from leadrules.routing.router import Router
    from leadrules.routing.trace import Trace
    from leadrules.scoring.explanation import Explanation, Reason
    from leadrules.scoring.questions import Question
    from leadrules.scoring.score import Score
    from leadrules.scoring.scorer import Scorer
    from leadrules.values import Money
    from leadrules.vocabulary import Vocabulary

__all__ = [
    "Account",
    "Agenda",
    "Assignment",
    "ClockRun",
    "Cluster",
    "Company",
    "DocumentError",
    "Dossier",
    "Engine",
    "Entry",
    "Evaluation",
    "EvaluationError",
    "Event",
    "Explanation",
    "Fairness",
    "Handoff",
    "Intake",
    "Issue",
    "Lead",
    "LeadRulesError",
    "Mapper",
    "MappingError",
    "MatchKey",
    "Matcher",
    "Money",
    "Obligation",
    "Owed",
    "Policy",
    "PolicyError",
    "Question",
    "Reason",
    "Refusal",
    "Request",
    "Rotation",
    "Router",
    "Score",
    "Scorer",
    "Settled",
    "StageMachine",
    "State",
    "Trace",
    "Trail",
    "Transition",
    "Unassigned",
    "Unmet",
    "Vocabulary",
    "__version__",
    "duplicates",
    "load_mapping",
    "load_policy",
    "match_keys",
    "merge",
    "policy_schema",
    "surviving",
]

__version__ = "0.1.0"

_HOMES = {
    "agenda.worklist": ("Agenda",),
    "conditions.matcher": ("Matcher",),
    "engine": ("Engine", "Evaluation"),
    "errors": (
        "DocumentError",
        "EvaluationError",
        "Issue",
        "LeadRulesError",
        "MappingError",
        "PolicyError",
    ),
    "events": ("Event",),
    "handoff.packet": ("Handoff",),
    "identity": ("Cluster", "Dossier", "MatchKey", "duplicates", "match_keys", "merge"),
    "intake": ("Intake", "Mapper", "load_mapping"),
    "lead": ("Account", "Company", "Lead"),
    "lifecycle.machine": ("StageMachine",),
    "lifecycle.owed": ("Owed",),
    "lifecycle.state": ("State",),
    "lifecycle.obligations": ("Obligation",),
    "lifecycle.trail": ("ClockRun", "Entry", "Trail"),
    "lifecycle.survivor": ("surviving",),
    "lifecycle.transition": ("Refusal", "Request", "Settled", "Transition", "Unmet"),
    "policy": ("Policy", "load_policy", "policy_schema"),
    "routing.assignment": ("Assignment", "Unassigned"),
    "routing.fairness": ("Fairness",),
    "routing.rotation": ("Rotation",),
    "routing.router": ("Router",),
    "routing.trace": ("Trace",),
    "scoring.explanation": ("Explanation", "Reason"),
    "scoring.questions": ("Question",),
    "scoring.score": ("Score",),
    "scoring.scorer": ("Scorer",),
    "values": ("Money",),
    "vocabulary": ("Vocabulary",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        message = f"module 'leadrules' has no attribute '{name}'"
        raise AttributeError(message)
    return getattr(import_module(f"leadrules.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
