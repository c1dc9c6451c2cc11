"""What comes before the rest of lpr is imported: Ctrl-C ends it, and OpenCV has to work.

Ctrl-C while the command ``lpr`` is being imported ends it at once, without a traceback. Programs
that use lpr as a library keep their handlers.
"""

from __future__ import annotations

import os
import signal
import sys


def is_command(argv: list[str], python_argv: list[str]) -> bool:
    """Whether these arguments (``sys.argv``, ``sys.orig_argv``) start ``lpr`` or ``-m lpr``."""
    program = os.path.basename(argv[0]) if argv else ""  # noqa: PTH119 (before pathlib is imported)
    program = program.removesuffix(".exe")
    # While python -m imports the package, argv[0] is still "-m".
    return program == "lpr" or (program == "-m" and "lpr" in python_argv)


# There is nothing to save yet. lpr.cli sets its own handler once the command is loaded.
if is_command(sys.argv, sys.orig_argv) and signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

# After the handler, since it imports OpenCV.
from lpr.utils.opencv import opencv_problem  # noqa: E402

if problem := opencv_problem():
    if is_command(sys.argv, sys.orig_argv):
        sys.exit(f"lpr: {problem}")
    raise ImportError(problem)
