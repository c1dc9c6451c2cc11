"""Pictures of plates: crops, streets with vehicles, distractors, and the camera's effects."""
