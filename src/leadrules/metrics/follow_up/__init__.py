"""Follow-up: how fast leads are reached, whether what is owed is done, and who has too much."""
