"""Who works a lead: decision tables, pools that share fairly, limits, hours, reassignment."""
