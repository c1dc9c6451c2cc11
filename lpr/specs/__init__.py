"""Specifications of networks: their input and the decoding of their output."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from lpr.specs.calibration import Calibration
from lpr.utils.deprecated import renamed

Resize: TypeAlias = Literal["letterbox", "stretch"]
InputShape: TypeAlias = Literal["fit", "letterbox", "stretch"]
Channels: TypeAlias = Literal["rgb", "bgr", "gray"]


@renamed(sure="accept_threshold")
@dataclass(frozen=True, slots=True)
class DetectorSpec:
    """A Darknet detector; its input values are pixel / 255.

    ``width`` and ``height`` are the default input size in pixels. ``resize`` says how a picture is
    fitted to the input: ``"letterbox"`` keeps its proportions and pads, ``"stretch"`` scales each
    side separately, ``"fit"`` keeps its proportions and gives the input about the same ones, with
    as many pixels. ``threshold`` is the minimum objectness x class probability of a detection,
    ``nms`` the IoU above which non-maximum suppression drops the weaker of two boxes. A detection
    of at least ``accept_threshold`` counts as a plate, however uncertain its reading is.
    """

    width: int
    height: int
    resize: InputShape
    channels: Channels
    threshold: float
    nms: float
    accept_threshold: float = 1.0


@dataclass(frozen=True, slots=True)
class CtcSpec:
    """A recognizer whose network gives CTC logits ``[N, T, C]`` over ``alphabet`` and a blank.

    ``C == len(alphabet) + 1``; class ``blank`` is the blank, the others are the alphabet's
    characters in order (:meth:`encode`, :meth:`decode`). Decoding skips the first
    ``dropped_steps`` time steps. ``crop_margin`` is added on every side of the plate, as a share of
    its width and height. Input values are ``(pixel / 255 - mean) / std``. With ``summary`` the
    first time step, a dropped one, holds the plate's attributes
    (:mod:`lpr.specs.plate_attributes`).
    """

    alphabet: str
    blank: int
    width: int
    height: int
    resize: Resize = "stretch"
    channels: Channels = "gray"
    dropped_steps: int = 0
    crop_margin: float = 0.0
    mean: float = 0.0
    std: float = 1.0
    summary: bool = False

    @property
    def classes(self) -> int:
        """``C``: the alphabet's characters and the blank."""
        return len(self.alphabet) + 1

    @property
    def planes(self) -> int:
        """Channels of the network's input: 1 for grey crops, else 3."""
        return 1 if self.channels == "gray" else 3

    def encode(self, text: str) -> list[int]:
        """The classes of a text's characters; ``ValueError`` for one outside the alphabet."""
        places = map(self.alphabet.index, text)
        return [place + (place >= self.blank) for place in places]

    def decode(self, classes: Iterable[int]) -> str:
        """The text of ``classes``, without the blanks among them."""
        return "".join(self.alphabet[c - (c > self.blank)] for c in classes if c != self.blank)


@dataclass(frozen=True, slots=True)
class DetectorModel:
    """The detector's files in a model folder.

    ``weights`` are Darknet's, or an ONNX file (``*.onnx``) whose outputs are the inputs of the
    cfg's heads. ``precision`` is the file's own (``"int8"``), empty if the runtime decides.
    """

    cfg: Path
    weights: Path
    spec: DetectorSpec
    precision: str = ""

    @property
    def format(self) -> str:
        """``"darknet"`` or ``"onnx"``."""
        return "onnx" if self.weights.suffix.lower() == ".onnx" else "darknet"


@renamed(odds="grammar_odds")
@dataclass(frozen=True, slots=True)
class RecognizerModel:
    """The recognizer's file in a model folder, of a ``format`` such as ``"onnx"``.

    A reading below ``min_confidence`` is more likely a lamp, a badge or a wheel than a plate,
    unless the detector's score reaches ``accept_threshold``. If the likeliest text fits no format
    and is at most ``grammar_odds`` times as probable as the likeliest legal text, the legal one
    replaces it (:class:`lpr.recognition.ctc_decoder.Decoder`). ``calibration`` turns the network's
    scores into probabilities. ``precision`` is as in :class:`DetectorModel`.
    """

    file: Path
    format: str
    spec: CtcSpec
    min_confidence: float = 0.0
    grammar_odds: float = 1.0
    precision: str = ""
    calibration: Calibration | None = None
