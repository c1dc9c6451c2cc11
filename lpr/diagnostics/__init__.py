"""Diagnostics: which runtimes work here, their speed, and whether their results agree."""
