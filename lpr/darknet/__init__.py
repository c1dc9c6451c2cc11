"""Darknet files: cfg and weights, read and written; conversion to ONNX."""
