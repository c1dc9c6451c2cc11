"""The runtimes held against each other: how fast they are, and whether they compute the same."""

from lpr.bench.agreement import Agreement, agreements, load_network
from lpr.bench.peak import multiply_peak
from lpr.bench.speed import Speed, detector_speeds, recognizer_speeds

__all__ = [
    "Agreement",
    "Speed",
    "agreements",
    "detector_speeds",
    "load_network",
    "multiply_peak",
    "recognizer_speeds",
]
