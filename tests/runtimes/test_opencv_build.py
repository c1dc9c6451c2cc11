"""What lpr says about OpenCV's build and about the driver, on texts such as they give."""

from __future__ import annotations

from pathlib import Path

import pytest

from lpr.runtimes.opencv_build import OpenCvBuild, driver_problem, driver_version

WITH_CUDA = """
  NVIDIA CUDA:                   YES (ver 13.0, CUFFT CUBLAS)
    NVIDIA GPU arch:             86 90
    NVIDIA PTX archs:

  cuDNN:                         YES (ver 9.12.0)
"""


@pytest.mark.parametrize(
    ("information", "said"),
    [
        (WITH_CUDA, "built with CUDA 13.0, cuDNN 9.12.0, for 86 90"),
        ("  NVIDIA CUDA:                   NO\n", "built without CUDA"),
        ("  Parallel framework: pthreads\n", "built without CUDA"),
        (
            "  NVIDIA CUDA:   YES (ver 12.8)\n    NVIDIA GPU arch: 75\n  cuDNN:     NO\n",
            "built with CUDA 12.8, without cuDNN, for 75",
        ),
    ],
)
def test_a_build_is_described(information: str, said: str) -> None:
    assert str(OpenCvBuild.of(information)) == said


def test_the_driver_is_compared_with_the_toolkit(tmp_path: Path) -> None:
    file = tmp_path / "version"
    file.write_text(
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.124.06  Wed Feb 26 2025\nGCC: 13\n"
    )
    assert driver_version(file) == "570.124.06"
    assert driver_problem("12.8", "570.124.06") is None
    assert driver_problem("13.0", "580.65.06") is None
    assert driver_problem("13.0", "570.124.06") == (
        "driver 570.124.06 is too old for CUDA 13.0; install 580 or later"
    )
    assert driver_version(tmp_path / "none") is None
    assert "no NVIDIA driver" in str(driver_problem("13.0", None))


def test_the_driver_of_an_open_kernel_module_is_read(tmp_path: Path) -> None:
    file = tmp_path / "version"
    file.write_text("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release\n")
    assert driver_version(file) == "580.65.06"
