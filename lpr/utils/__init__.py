"""Small helpers that know nothing of plates."""
