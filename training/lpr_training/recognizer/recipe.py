"""A recognizer's recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from lpr.specs import CtcSpec
from lpr.utils.toml import build
from lpr_torch.plain import Shape
from lpr_torch.resnet_gru import ResNetGru
from lpr_training.engine.schedule import Schedule
from lpr_training.recipes import read
from lpr_training.recognizer.batches import RecognizerBatches
from lpr_training.recognizer.distillation import Distil


def recognizer_recipe(name: str, changes: Sequence[str] = ()) -> RecognizerRecipe:
    return recognizer_of(read(name, changes), name)


def recognizer_of(table: dict[str, Any], name: str) -> RecognizerRecipe:
    """As :func:`recognizer_recipe`, of a table that was read already; ``name`` is for messages."""
    return build(RecognizerRecipe, table, name)


@dataclass(frozen=True, slots=True)
class RecognizerRecipe:
    """The network is the plain one of ``shape``, or that of ``resnet_gru`` where it is given.

    ``smoothing`` is the weight of label smoothing. What is kept of a run is the network with the
    highest ``score`` (texts read right on ``dev``) or the lowest ``loss`` there. With ``distil``
    another model's recognizer teaches. With ``branches`` the 3 x 3 convolutions are
    re-parameterised (:mod:`lpr_training.engine.reparameterization`). ``rendered_check`` plates of
    Taiwan and as many from abroad, which no training sees, are read at each check beside ``dev``.
    """

    schedule: Schedule
    spec: CtcSpec
    crops: RecognizerBatches
    smoothing: float = 0.0
    shape: Shape = field(default_factory=Shape)
    resnet_gru: ResNetGru | None = None
    keep: Literal["score", "loss"] = "score"
    distil: Distil | None = None
    branches: bool = False
    rendered_check: int = 0

    @property
    def network(self) -> Shape | ResNetGru:
        return self.resnet_gru or self.shape
