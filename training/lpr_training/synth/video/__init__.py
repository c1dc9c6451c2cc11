"""Videos of a road with their ground truth."""
