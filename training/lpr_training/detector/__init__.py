"""Trains detectors: recipe, batches, losses, task."""
