"""Runtimes: OpenCV's, helpers for those of plugins, and the selection of one."""
