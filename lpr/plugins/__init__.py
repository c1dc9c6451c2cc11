"""Plugins: the registry, lpr's own plugin, the scaffold and the conformance checks."""
