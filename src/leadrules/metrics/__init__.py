"""Measures: ratios that say what they count, from the tables of leads, events and entries.

Every measure is a function of frames of any kind. It takes what the words mean as `measures`, the
moment as `at`, and returns a result that prints itself, and that `to_frame`, `to_dict` and `plot`
turn into a frame, data and a picture.

A name is imported when it is first used, since a policy needs none of the functions of frames.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leadrules.metrics.campaigns.attainments import objectives
    from leadrules.metrics.campaigns.attributions import Attribution, Credit, attribution
    from leadrules.metrics.campaigns.objective_tables import Attainment, Objectives
    from leadrules.metrics.campaigns.programme_tables import Programme, Programmes
    from leadrules.metrics.campaigns.returns import programmes
    from leadrules.metrics.conversions import conversion
    from leadrules.metrics.document import Measures
    from leadrules.metrics.follow_up.compliances import Compliance, Kept, compliance, freshness
    from leadrules.metrics.follow_up.paces import Pace, Speed
    from leadrules.metrics.follow_up.speeds import speed_to_lead
    from leadrules.metrics.follow_up.staffings import staffing
    from leadrules.metrics.follow_up.territories import Signal, Staffing, Territory
    from leadrules.metrics.funnels.aging import Ages, StageAge, ages
    from leadrules.metrics.funnels.cohort_table import Cohort, Cohorts
    from leadrules.metrics.funnels.cohort_tables import cohorts
    from leadrules.metrics.funnels.flows import Flow, FlowStep, flow
    from leadrules.metrics.funnels.funnel_table import Funnel, FunnelStep
    from leadrules.metrics.funnels.funnels import funnel
    from leadrules.metrics.funnels.indicators import KeyRatios, key_ratios
    from leadrules.metrics.outcomes.comeback_tables import Comebacks, comebacks
    from leadrules.metrics.outcomes.loss_tables import Loss, Losses, LossStages, losses
    from leadrules.metrics.outcomes.rejection_tables import (
        Rejection,
        RejectionReasons,
        Rejections,
        rejections,
    )
    from leadrules.metrics.outcomes.value_ratio import ValueRatio
    from leadrules.metrics.outcomes.win_rates import WinRates, win_rate
    from leadrules.metrics.periods import Period
    from leadrules.metrics.quality.band_rates import BandRates
    from leadrules.metrics.quality.calibrations import Calibration
    from leadrules.metrics.quality.changes import Change, compared
    from leadrules.metrics.quality.gains import Gains
    from leadrules.metrics.quality.qualities import Quality, score_quality
    from leadrules.metrics.quality.reviews import Review, process_review
    from leadrules.metrics.quality.stabilities import ColumnStability, Stability, stability
    from leadrules.metrics.quality.thresholds import Threshold
    from leadrules.metrics.ratio import Ratio
    from leadrules.metrics.ratios import Ratios
    from leadrules.metrics.soundness import Oddities, Oddity, oddities
    from leadrules.metrics.statistics.curves import Chance, Curve
    from leadrules.metrics.statistics.rankings import Area, Separation
    from leadrules.metrics.velocity.escalation_tables import Escalation, Escalations, UsualTime
    from leadrules.metrics.velocity.pipelines import pipeline_velocity
    from leadrules.metrics.velocity.projected import Projected, Projection
    from leadrules.metrics.velocity.projections import projection
    from leadrules.metrics.velocity.stage_times import time_in, time_to
    from leadrules.metrics.velocity.survivals import Comparison, Survival, Survivals
    from leadrules.metrics.velocity.usual_times import escalations
    from leadrules.metrics.velocity.velocities import PipelineVelocity, Velocity

__all__ = [
    "Ages",
    "Area",
    "Attainment",
    "Attribution",
    "BandRates",
    "Calibration",
    "Chance",
    "Change",
    "Cohort",
    "Cohorts",
    "ColumnStability",
    "Comebacks",
    "Comparison",
    "Compliance",
    "Credit",
    "Curve",
    "Escalation",
    "Escalations",
    "Flow",
    "FlowStep",
    "Funnel",
    "FunnelStep",
    "Gains",
    "Kept",
    "KeyRatios",
    "Loss",
    "LossStages",
    "Losses",
    "Measures",
    "Objectives",
    "Oddities",
    "Oddity",
    "Pace",
    "Period",
    "PipelineVelocity",
    "Programme",
    "Programmes",
    "Projected",
    "Projection",
    "Quality",
    "Ratio",
    "Ratios",
    "Rejection",
    "RejectionReasons",
    "Rejections",
    "Review",
    "Separation",
    "Signal",
    "Speed",
    "Stability",
    "Staffing",
    "StageAge",
    "Survival",
    "Survivals",
    "Territory",
    "Threshold",
    "UsualTime",
    "ValueRatio",
    "Velocity",
    "WinRates",
    "ages",
    "attribution",
    "cohorts",
    "comebacks",
    "compared",
    "compliance",
    "conversion",
    "escalations",
    "flow",
    "freshness",
    "funnel",
    "key_ratios",
    "losses",
    "objectives",
    "oddities",
    "pipeline_velocity",
    "process_review",
    "programmes",
    "projection",
    "rejections",
    "score_quality",
    "speed_to_lead",
    "stability",
    "staffing",
    "time_in",
    "time_to",
    "win_rate",
]

_HOMES = {
    "funnels.aging": ("Ages", "StageAge", "ages"),
    "campaigns.attainments": ("objectives",),
    "campaigns.attributions": ("Attribution", "Credit", "attribution"),
    "quality.band_rates": ("BandRates",),
    "quality.calibrations": ("Calibration",),
    "quality.changes": ("Change", "compared"),
    "funnels.cohort_table": ("Cohort", "Cohorts"),
    "funnels.cohort_tables": ("cohorts",),
    "outcomes.comeback_tables": ("Comebacks", "comebacks"),
    "follow_up.compliances": ("Compliance", "Kept", "compliance", "freshness"),
    "conversions": ("conversion",),
    "statistics.curves": ("Chance", "Curve"),
    "document": ("Measures",),
    "velocity.escalation_tables": ("Escalation", "Escalations", "UsualTime"),
    "funnels.flows": ("Flow", "FlowStep", "flow"),
    "funnels.funnel_table": ("Funnel", "FunnelStep"),
    "funnels.funnels": ("funnel",),
    "quality.gains": ("Gains",),
    "funnels.indicators": ("KeyRatios", "key_ratios"),
    "outcomes.loss_tables": ("Loss", "LossStages", "Losses", "losses"),
    "campaigns.objective_tables": ("Attainment", "Objectives"),
    "follow_up.paces": ("Pace", "Speed"),
    "periods": ("Period",),
    "velocity.pipelines": ("pipeline_velocity",),
    "campaigns.programme_tables": ("Programme", "Programmes"),
    "velocity.projected": ("Projected", "Projection"),
    "velocity.projections": ("projection",),
    "quality.qualities": ("Quality", "score_quality"),
    "statistics.rankings": ("Area", "Separation"),
    "ratio": ("Ratio",),
    "ratios": ("Ratios",),
    "outcomes.rejection_tables": ("Rejection", "RejectionReasons", "Rejections", "rejections"),
    "campaigns.returns": ("programmes",),
    "quality.reviews": ("Review", "process_review"),
    "soundness": ("Oddities", "Oddity", "oddities"),
    "follow_up.speeds": ("speed_to_lead",),
    "quality.stabilities": ("ColumnStability", "Stability", "stability"),
    "follow_up.staffings": ("staffing",),
    "velocity.stage_times": ("time_in", "time_to"),
    "velocity.survivals": ("Comparison", "Survival", "Survivals"),
    "follow_up.territories": ("Signal", "Staffing", "Territory"),
    "quality.thresholds": ("Threshold",),
    "velocity.usual_times": ("escalations",),
    "outcomes.value_ratio": ("ValueRatio",),
    "velocity.velocities": ("PipelineVelocity", "Velocity"),
    "outcomes.win_rates": ("WinRates", "win_rate"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        message = f"module 'leadrules.metrics' has no attribute '{name}'"
        raise AttributeError(message)
    return getattr(import_module(f"leadrules.metrics.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
