"""Scores of frames of leads: the scorer's meaning as expressions."""

from leadrules.scoring.frames.scores import score_frames

__all__ = ["score_frames"]
