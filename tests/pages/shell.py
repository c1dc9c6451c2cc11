"""``sh`` blocks: scripts for ``bash -e``, with this environment's commands first on the path."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from sybil import Example

_LONGEST = 120  # seconds
_NOWHERE = "http://127.0.0.1:9"
"""The discard port: network access fails at once."""
_REFUSED = """
refuse() { echo "$1 changes the environment that the tests run in: skip this block" >&2; return 1; }
pip() { refuse pip; }
make() { refuse make; }
"""


def run_shell(example: Example) -> None:
    """Run the script; raise ``AssertionError`` with its output if it fails."""
    result = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", _REFUSED + example.parsed],
        cwd=example.namespace["folder"].path,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_LONGEST,
        check=False,
    )
    assert result.returncode == 0, (
        f"exit status {result.returncode}\n{result.stdout}{result.stderr}"
    )


def _environment() -> dict[str, str]:
    commands = Path(sys.executable).parent
    return {
        **os.environ,
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        "PIP_NO_INDEX": "1",
        "http_proxy": _NOWHERE,
        "https_proxy": _NOWHERE,
    }
