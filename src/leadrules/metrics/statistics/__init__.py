"""Statistics: intervals, curves, differences and rankings, as libraries compute them."""
