"""Ctrl-C while the command ``lpr`` is being imported ends it at once, without a traceback.

Imported by ``lpr`` before everything else. Programs that use lpr as a library keep their handlers.
"""

from __future__ import annotations

import os
import signal
import sys


def is_command(argv: list[str], python_argv: list[str]) -> bool:
    """Whether these arguments (``sys.argv``, ``sys.orig_argv``) start ``lpr`` or ``-m lpr``."""
    program = os.path.basename(argv[0]) if argv else ""  # noqa: PTH119 (before pathlib is imported)
    # While python -m imports the package, argv[0] is still "-m".
    return program == "lpr" or (program == "-m" and "lpr" in python_argv)


# There is nothing to save yet. lpr.cli sets its own handler once the command is loaded.
if is_command(sys.argv, sys.orig_argv) and signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
