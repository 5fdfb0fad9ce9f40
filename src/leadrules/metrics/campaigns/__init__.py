"""Campaigns: what programmes cost and return, who is credited, and objectives."""
