"""Darknet cfg and weights: reading, writing, conversion to ONNX."""
