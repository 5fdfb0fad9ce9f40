"""Funnels: who came how far, what flows through the stages, and how old it is there."""
