"""The training loop, schedules, curves and metrics."""
