"""Trains recognizers: recipe, plates, batches, loss, task."""
