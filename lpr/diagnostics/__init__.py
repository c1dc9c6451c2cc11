"""The runtimes held against each other: how fast they are, and whether they compute the same."""

from lpr.diagnostics.matmul_peak import multiply_peak
from lpr.diagnostics.parity_report import Agreement, agreements, load_network
from lpr.diagnostics.speed import Speed, detector_speeds, recognizer_speeds

__all__ = [
    "Agreement",
    "Speed",
    "agreements",
    "detector_speeds",
    "load_network",
    "multiply_peak",
    "recognizer_speeds",
]
