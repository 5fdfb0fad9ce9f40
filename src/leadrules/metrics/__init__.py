"""Measures: ratios that say what they count, from the tables of leads, events and entries.

Every measure is a function of frames of any kind. It takes what the words mean as `measures`, the
moment as `at`, and returns a result that prints itself, and that `to_frame`, `to_dict` and `plot`
turn into a frame, data and a picture.

A name is imported when it is first used, since a policy needs none of the functions of frames.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leadrules.metrics.aging import Ages, StageAge, ages
    from leadrules.metrics.attainments import objectives
    from leadrules.metrics.attributions import Attribution, Credit, attribution
    from leadrules.metrics.band_rates import BandRates
    from leadrules.metrics.calibrations import Calibration
    from leadrules.metrics.changes import Change, compared
    from leadrules.metrics.cohort_table import Cohort, Cohorts
    from leadrules.metrics.cohort_tables import cohorts
    from leadrules.metrics.comeback_tables import Comebacks, comebacks
    from leadrules.metrics.compliances import Compliance, Kept, compliance, freshness
    from leadrules.metrics.conversions import conversion
    from leadrules.metrics.curves import Chance, Curve
    from leadrules.metrics.document import Measures
    from leadrules.metrics.escalation_tables import Escalation, Escalations, UsualTime
    from leadrules.metrics.flows import Flow, FlowStep, flow
    from leadrules.metrics.funnel_table import Funnel, FunnelStep
    from leadrules.metrics.funnels import funnel
    from leadrules.metrics.gains import Gains
    from leadrules.metrics.indicators import KeyRatios, key_ratios
    from leadrules.metrics.loss_tables import Loss, Losses, LossStages, losses
    from leadrules.metrics.objective_tables import Attainment, Objectives
    from leadrules.metrics.paces import Pace, Speed
    from leadrules.metrics.periods import Period
    from leadrules.metrics.pipelines import pipeline_velocity
    from leadrules.metrics.programme_tables import Programme, Programmes
    from leadrules.metrics.projected import Projected, Projection
    from leadrules.metrics.projections import projection
    from leadrules.metrics.qualities import Quality, score_quality
    from leadrules.metrics.rankings import Area, Separation
    from leadrules.metrics.ratio import Ratio
    from leadrules.metrics.ratios import Ratios
    from leadrules.metrics.rejection_tables import (
        Rejection,
        RejectionReasons,
        Rejections,
        rejections,
    )
    from leadrules.metrics.returns import programmes
    from leadrules.metrics.reviews import Review, process_review
    from leadrules.metrics.soundness import Oddities, Oddity, oddities
    from leadrules.metrics.speeds import speed_to_lead
    from leadrules.metrics.stabilities import ColumnStability, Stability, stability
    from leadrules.metrics.staffings import staffing
    from leadrules.metrics.stage_times import time_in, time_to
    from leadrules.metrics.survivals import Comparison, Survival, Survivals
    from leadrules.metrics.territories import Signal, Staffing, Territory
    from leadrules.metrics.thresholds import Threshold
    from leadrules.metrics.usual_times import escalations
    from leadrules.metrics.value_ratio import ValueRatio
    from leadrules.metrics.velocities import PipelineVelocity, Velocity
    from leadrules.metrics.win_rates import WinRates, win_rate

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
    "aging": ("Ages", "StageAge", "ages"),
    "attainments": ("objectives",),
    "attributions": ("Attribution", "Credit", "attribution"),
    "band_rates": ("BandRates",),
    "calibrations": ("Calibration",),
    "changes": ("Change", "compared"),
    "cohort_table": ("Cohort", "Cohorts"),
    "cohort_tables": ("cohorts",),
    "comeback_tables": ("Comebacks", "comebacks"),
    "compliances": ("Compliance", "Kept", "compliance", "freshness"),
    "conversions": ("conversion",),
    "curves": ("Chance", "Curve"),
    "document": ("Measures",),
    "escalation_tables": ("Escalation", "Escalations", "UsualTime"),
    "flows": ("Flow", "FlowStep", "flow"),
    "funnel_table": ("Funnel", "FunnelStep"),
    "funnels": ("funnel",),
    "gains": ("Gains",),
    "indicators": ("KeyRatios", "key_ratios"),
    "loss_tables": ("Loss", "LossStages", "Losses", "losses"),
    "objective_tables": ("Attainment", "Objectives"),
    "paces": ("Pace", "Speed"),
    "periods": ("Period",),
    "pipelines": ("pipeline_velocity",),
    "programme_tables": ("Programme", "Programmes"),
    "projected": ("Projected", "Projection"),
    "projections": ("projection",),
    "qualities": ("Quality", "score_quality"),
    "rankings": ("Area", "Separation"),
    "ratio": ("Ratio",),
    "ratios": ("Ratios",),
    "rejection_tables": ("Rejection", "RejectionReasons", "Rejections", "rejections"),
    "returns": ("programmes",),
    "reviews": ("Review", "process_review"),
    "soundness": ("Oddities", "Oddity", "oddities"),
    "speeds": ("speed_to_lead",),
    "stabilities": ("ColumnStability", "Stability", "stability"),
    "staffings": ("staffing",),
    "stage_times": ("time_in", "time_to"),
    "survivals": ("Comparison", "Survival", "Survivals"),
    "territories": ("Signal", "Staffing", "Territory"),
    "thresholds": ("Threshold",),
    "usual_times": ("escalations",),
    "value_ratio": ("ValueRatio",),
    "velocities": ("PipelineVelocity", "Velocity"),
    "win_rates": ("WinRates", "win_rate"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        message = f"module 'leadrules.metrics' has no attribute '{name}'"
        raise AttributeError(message)
    return getattr(import_module(f"leadrules.metrics.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
