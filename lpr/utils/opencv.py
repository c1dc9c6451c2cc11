"""Which OpenCV is here: four distributions install the module ``cv2``, and lpr takes any."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

DISTRIBUTIONS = (
    "opencv-contrib-python-headless",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-python",
)
"""The first is the one that lpr requires, since pip cannot require any of several."""
OLDEST = (4, 10)  # The first whose wheels work with NumPy 2


def installed_opencv() -> list[str]:
    """The distributions of OpenCV that pip knows here, with their versions."""
    from importlib import metadata  # 30 ms, which a start with a whole OpenCV need not spend

    found = []
    for name in DISTRIBUTIONS:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found.append(f"{name} {metadata.version(name)}")
    return found


def mending(names: Sequence[str]) -> str:
    """The command that makes ``cv2`` whole again where ``names`` are installed."""
    name = names[0].split()[0] if names else DISTRIBUTIONS[0]
    return f"pip install --force-reinstall --no-deps {name}"


def opencv_problem() -> str | None:
    """Why ``import cv2`` does not give an OpenCV that lpr can use, with the way out; else None."""
    try:
        import cv2
    except ImportError as error:
        here = installed_opencv()
        if not here:
            return f"lpr needs OpenCV, and it is not installed; run: pip install {DISTRIBUTIONS[0]}"
        words = str(error).strip().splitlines()
        reason = words[-1] if words else type(error).__name__
        if "libGL" in reason or "libgthread" in reason:  # parts of a desktop
            advice = f"pip uninstall -y {here[0].split()[0]}; pip install {DISTRIBUTIONS[0]}"
        else:
            advice = mending(here)
        return f"{' and '.join(here)} cannot be imported ({reason}); run: {advice}"
    # pip uninstalls files that two distributions share: what is left is an empty module.
    if not hasattr(cv2, "imdecode"):
        here = installed_opencv()
        rest = f"of {' and '.join(here)} " if here else ""
        return (
            f"the module cv2 {rest}is incomplete, as after another distribution of OpenCV was "
            f"uninstalled; run: {mending(here)}"
        )
    version = str(cv2.__version__)
    if tuple(map(int, version.split(".")[:2])) < OLDEST:
        name = (installed_opencv() or DISTRIBUTIONS)[0].split()[0]
        return f"OpenCV {version} is too old for lpr; run: pip install -U {name}"
    return None
