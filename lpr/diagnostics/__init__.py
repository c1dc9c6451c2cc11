"""Diagnostics: what works here, how fast the runtimes are, and whether they compute the same."""
