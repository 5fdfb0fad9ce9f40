"""Where a lead is, and what is owed to it: stages, moves, touches, clocks, nurture."""
