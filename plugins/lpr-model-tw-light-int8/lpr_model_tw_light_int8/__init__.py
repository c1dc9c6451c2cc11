"""A model folder; see README.md."""
