"""Number plates by HTTP: the command ``lpr serve``."""
