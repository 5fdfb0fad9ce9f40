"""Quality: whether a score predicts, whether it is stable, and whether a process is rotting."""
