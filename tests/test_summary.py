from __future__ import annotations

import numpy as np
import pytest

from lpr.recognition.ctc_reader import CtcReader
from lpr.specs import CtcSpec, plate_attributes
from lpr.specs.calibration import Calibration
from lpr.types import Box, Crop, Float32
from tests.samples import ALPHABET, logits_of

SPEC = CtcSpec(ALPHABET, 36, 128, 64, channels="rgb", dropped_steps=1, summary=True)


def row(**raw: float) -> Float32:
    values = np.zeros(37, np.float32)
    places = {"plate": plate_attributes.PLATE, "lines": plate_attributes.LINES}
    places |= {
        name: plate_attributes.GROUND.start + n for n, name in enumerate(plate_attributes.GROUNDS)
    }
    places |= {
        f"{name}_ink": plate_attributes.INK.start + n
        for n, name in enumerate(plate_attributes.INKS)
    }
    places |= {
        name: plate_attributes.REGION.start + n for n, name in enumerate(plate_attributes.REGIONS)
    }
    for name, value in raw.items():
        values[places[name]] = value
    return values


class Network:
    """Reads ``first`` in upright crops' place, ``second`` in those cut a second time."""

    spec = SPEC

    def __init__(self, told: Float32, first: str, second: str) -> None:
        self.told, self.paths, self.asked = told, [first, second], 0

    def logits(self, batch: Float32) -> Float32:
        one = logits_of(self.paths[min(self.asked, 1)])
        self.asked += 1
        rows = np.concatenate([self.told[None, None], one], axis=1)
        return np.repeat(rows, len(batch), axis=0)

    def close(self) -> None: ...


CROP = Crop(np.zeros((80, 160, 3), np.uint8), Box(20, 20, 120, 60).quad)


def test_what_a_network_tells_comes_with_the_reading() -> None:
    told = row(plate=5, lines=3, yellow=4, red_ink=2, vn=6)
    (reading,) = CtcReader(Network(told, "A_B_1", "A_B_1")).read([CROP])
    looks = reading.appearance
    assert looks is not None
    assert (looks.ground, looks.ink, looks.lines, looks.region) == ("yellow", "red", 2, "vn")
    assert looks.region_confidence > 0.9
    assert reading.quad == pytest.approx(np.array(CROP.quad), abs=1e-3)
    assert reading.text == "AB1"


def test_a_tilted_plate_is_read_again_by_its_corners() -> None:
    told = row(plate=5)
    tilt = np.array([(0.2, 0), (0.1, 0.4), (-0.2, 0), (-0.1, -0.4)], np.float32)
    told[plate_attributes.CORNERS] = tilt.reshape(8)
    network = Network(told, "A_B_1", "A_B_2")
    (reading,) = CtcReader(network).read([CROP])
    assert (reading.text, network.asked) == ("AB2", 2)
    upright = Network(row(plate=5), "A_B_1", "A_B_2")
    (reading,) = CtcReader(upright).read([CROP])
    assert (reading.text, upright.asked) == ("AB1", 1)


def test_what_looks_like_no_plate_is_less_certain() -> None:
    curve = Calibration(plate=1.5)
    sure, unsure = (
        CtcReader(Network(row(plate=value), "A_B_1", "A_B_1"), calibration=curve).read([CROP])[0]
        for value in (6, -6)
    )
    assert sure.confidence > 0.9 > unsure.confidence
    assert sure.text == unsure.text
