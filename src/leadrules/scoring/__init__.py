"""How good and how ready a lead is, and why."""

from leadrules.scoring.bands import Band, Bands
from leadrules.scoring.decay import Decay
from leadrules.scoring.document import Scoring, Total
from leadrules.scoring.engagement import ActivityRule, Engagement, Limit
from leadrules.scoring.explanation import Explanation, Reason
from leadrules.scoring.points import Group
from leadrules.scoring.qualification import Criterion, Qualification, Readiness
from leadrules.scoring.questions import Question
from leadrules.scoring.score import Score
from leadrules.scoring.scorecard import Characteristic, Fit, Rule
from leadrules.scoring.scorer import Scorer

__all__ = [
    "ActivityRule",
    "Band",
    "Bands",
    "Characteristic",
    "Criterion",
    "Decay",
    "Engagement",
    "Explanation",
    "Fit",
    "Group",
    "Limit",
    "Qualification",
    "Question",
    "Readiness",
    "Reason",
    "Rule",
    "Score",
    "Scorer",
    "Scoring",
    "Total",
]
