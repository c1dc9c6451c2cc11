"""Rendered plates, crops and street scenes: NumPy and OpenCV only, every pixel from a seed."""
