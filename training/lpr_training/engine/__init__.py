"""What every training shares: the loop, schedules, curves, metrics."""
