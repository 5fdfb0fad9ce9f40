"""How good a lead is, and why."""

from leadrules.scoring.scorecard import Characteristic, Fit, Group, Rule, Scoring, Total
from leadrules.scoring.scorer import Score, Scorer

__all__ = ["Characteristic", "Fit", "Group", "Rule", "Score", "Scorer", "Scoring", "Total"]
