"""Outcomes: what is won and lost, to whom and why, what is passed back and what comes back."""
