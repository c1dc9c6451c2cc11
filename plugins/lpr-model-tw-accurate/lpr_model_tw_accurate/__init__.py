"""The model tw-accurate: data alone."""
