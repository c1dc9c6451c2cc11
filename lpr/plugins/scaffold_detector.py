"""The files of a new detector plugin, for :mod:`lpr.plugins.scaffold`."""

MODULE = '''\
"""A detector for lpr. Implement ``find_one``; adapt ``problem`` and ``open``."""

from __future__ import annotations

from collections.abc import Sequence

import cv2

from lpr import Box, Detection, Image, hookimpl

lpr_interface = 1  # version of lpr's plugin interface


class $detector:
    """Finds plates. lpr may call it from several threads at once."""

    threshold = 0.25  # detections below it are left out, unless --threshold is given

    def find(self, images: Sequence[Image]) -> list[list[Detection]]:
        """Return the plates of each picture, in order, the most confident first."""
        return [self.find_one(image) for image in images]

    def find_one(self, image: Image) -> list[Detection]:
        """Find the plates of a picture: BGR, uint8, H x W x 3. Boxes are in its pixels."""
        # A placeholder: light areas of about a plate's shape. Put your network here.
        light = cv2.inRange(image, (200, 200, 200), (255, 255, 255))
        outlines, _ = cv2.findContours(light, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        found = []
        for x, y, width, height in map(cv2.boundingRect, outlines):
            if width >= 40 and 2 <= width / height <= 6:
                box = Box(x, y, x + width, y + height)
                # Four corners instead of ``box.quad`` if your network tells them: top left, top
                # right, bottom right, bottom left.
                found.append(Detection(box, box.quad, confidence=0.5))
        return found

    def close(self) -> None:
        """Release what ``open`` acquired."""


class $factory:
    """Describes the detector to lpr and opens it."""

    name = "$name"  # the value of --detector
    device = "cpu"
    # argument = "an ONNX file"  # if something has to follow the name: --detector $name:FILE

    def problem(self) -> str | None:
        """Return why it cannot run here, such as a missing package, in one sentence; or None."""
        return None

    def open(self, argument: str, threads: int) -> $detector:
        """Load the detector. Import large libraries here: every lpr command loads this module."""
        return $detector()


@hookimpl
def lpr_detectors() -> list[$factory]:
    return [$factory()]
'''

TEST = """\
from lpr.testing import check_detector_factory, sample_pictures
from $module import $detector, $factory


def test_conformance() -> None:
    # Pass your own pictures, in which it has to find something.
    check_detector_factory($factory(), pictures=sample_pictures()[:1])


def test_it_finds() -> None:
    (found,) = $detector().find(sample_pictures()[:1])
    assert 115 < found[0].box.width < 125
"""

README = """\
# $name

A detector for lpr, which reads number plates.

```sh
pip install -e '.[test]'
pytest
lpr plugins check $name
lpr detect --detector $name car.jpg
```

`pytest` runs lpr's conformance suite and the plugin's own tests; `lpr plugins check` runs the suite
on the installed plugin and measures its speed.

The detector is `$detector.find_one` in `$module.py`.
"""
