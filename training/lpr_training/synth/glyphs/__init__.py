"""Characters as masks: drawn as strokes, or taken from font files."""
