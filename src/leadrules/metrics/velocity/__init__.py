"""Velocity: how long leads take, with those still on the way, and what is to come."""
