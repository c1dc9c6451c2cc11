"""From pictures and labels to the networks of a model folder."""
