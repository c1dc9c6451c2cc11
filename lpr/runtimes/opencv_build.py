"""How this OpenCV was built, and whether the NVIDIA driver is new enough for its CUDA."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import cv2

_DRIVER = Path("/proc/driver/nvidia/version")
# The first driver branch of each CUDA major version (CUDA Compatibility, table "minor version
# compatibility"); a driver runs programs of all earlier versions.
_FIRST_DRIVER = {11: 450, 12: 525, 13: 580}


@dataclass(frozen=True, slots=True)
class OpenCvBuild:
    """The versions of CUDA and cuDNN in this build, None if it has none, and the architectures of
    its kernels, such as ``90``."""

    cuda: str | None
    cudnn: str | None
    architectures: tuple[str, ...] = ()

    @classmethod
    def of(cls, information: str) -> OpenCvBuild:
        """Parse the text of ``cv2.getBuildInformation()``."""
        found = re.search(r"NVIDIA GPU arch:(.*)", information)
        return cls(
            _version(r"NVIDIA CUDA:\s+YES", information),
            _version(r"cuDNN:\s+YES", information),
            tuple(found[1].split()) if found else (),
        )

    def __str__(self) -> str:
        if self.cuda is None:
            return "built without CUDA"
        cudnn = f"cuDNN {self.cudnn}" if self.cudnn else "without cuDNN"
        return f"built with CUDA {self.cuda}, {cudnn}, for {' '.join(self.architectures)}"


def this_build() -> OpenCvBuild:
    """The build of the OpenCV that is installed."""
    return OpenCvBuild.of(cv2.getBuildInformation())


def _version(name: str, information: str) -> str | None:
    found = re.search(rf"{name}(?:\s*\(ver ([\d.]+))?", information)
    return (found[1] or "of an unknown version") if found else None


def driver_version(file: Path = _DRIVER) -> str | None:
    """The version of the NVIDIA kernel driver, such as ``580.65.06``; None without one."""
    try:
        found = re.search(r"Kernel Module\b.*?\s(\d+\.[\d.]+)", file.read_text())
    except OSError:
        return None
    return found[1] if found else None


def driver_problem(cuda: str, driver: str | None) -> str | None:
    """Why the driver does not run programs of this CUDA version; None if it does."""
    if driver is None:
        return "there is no NVIDIA driver; install it, then try nvidia-smi"
    needed = _FIRST_DRIVER.get(int(cuda.split(".")[0]) if cuda[0].isdigit() else 0, 0)
    if int(driver.split(".")[0]) < needed:
        return f"driver {driver} is too old for CUDA {cuda}; install {needed} or later"
    return None
