"""A recognizer's recipe, and its reader."""

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
from lpr_training.recognizer.batches import CropSettings
from lpr_training.recognizer.distillation import Distil


def recognizer_recipe(name: str, changes: Sequence[str] = ()) -> RecognizerRecipe:
    """Read a recipe by its name or file; ``changes`` such as ``schedule.steps=500`` override it."""
    return recognizer_of(read(name, changes), name)


def recognizer_of(table: dict[str, Any], name: str) -> RecognizerRecipe:
    """Build a recipe from its table; ``name`` is for error messages."""
    return build(RecognizerRecipe, table, name)


@dataclass(frozen=True, slots=True)
class RecognizerRecipe:
    """The settings of a recognizer's training."""

    schedule: Schedule
    spec: CtcSpec
    crops: CropSettings
    smoothing: float = 0.0  # Weight of the label smoothing
    ctc: Literal["character", "plate"] = "character"
    """The CTC loss of a batch: the mean over texts of the loss ``character`` by character (each
    text's loss divided by its length), or of the whole ``plate``, as in Keras."""
    shape: Shape = field(default_factory=Shape)  # The plain network, unless ``resnet_gru`` is given
    resnet_gru: ResNetGru | None = None
    keep: Literal["score", "loss"] = "score"  # Figure on ``dev`` that selects the best weights
    distil: Distil | None = None  # The teacher, if any
    branches: bool = False  # Re-parameterises 3 x 3 convolutions (``engine.reparameterization``)
    rendered_check: int = 0  # Unseen rendered plates of the region, and of others, in each check

    @property
    def network(self) -> Shape | ResNetGru:
        """The settings of the network."""
        return self.resnet_gru or self.shape
