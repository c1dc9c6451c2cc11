"""A camera's process: ``lpr watch`` with its source and store from the environment."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

from lpr.cli import main

_PR_SET_PDEATHSIG = 1


def run() -> None:
    """Watch until the source ends, a signal comes, or the service dies."""
    if sys.platform == "linux":
        # A service that is killed takes its workers along, so that its next run starts them anew.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() == 1:
            raise SystemExit(1)
    source = os.environ.pop("LPR_WORKER_SOURCE")
    store = os.environ.pop("LPR_WORKER_STORE")
    sys.argv = ["lpr", "watch", *sys.argv[1:], "--to", store, "--", source]
    main()


if __name__ == "__main__":
    run()
