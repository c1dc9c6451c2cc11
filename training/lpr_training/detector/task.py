"""Training a Darknet detector of plates, and checking it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lpr.darknet.cfg import Cfg, read_cfg
from lpr.darknet.weights import read_weights
from lpr.detection.detector import Detector
from lpr.detection.heads import Head
from lpr.errors import ModelError
from lpr.models import Model
from lpr.specs import DetectorSpec, InputShape
from lpr.types import Float32, Image
from lpr_torch.checkpoints import Detector as Trained
from lpr_torch.checkpoints import load_detector, save_detector
from lpr_torch.darknet import DarknetNet
from lpr_training.datasets.pyramid import Pyramid
from lpr_training.detector.batches import (
    Batch,
    DetectorBatches,
    dev_pictures,
    to_input,
    training_pictures,
)
from lpr_training.detector.loss import Grid, detection_loss
from lpr_training.detector.reanchor import keep_boxes
from lpr_training.detector.recipe import DetectorRecipe
from lpr_training.detector.yolov3_loss import YoloLoss
from lpr_training.engine.metrics import score_boxes
from lpr_training.engine.reparameterization import add_branches, fuse_branches

NMS = 0.45

SMALLEST = 16
"""Plates that are narrower in the input of a network trained as Darknet does, in pixels, count
neither as found nor as missed."""


class TorchDetector:
    """A network in training as a :class:`lpr.protocols.DetectorNetwork`: it is checked by the code
    that will run it."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model

    @torch.no_grad()
    def forward(self, batch: Float32) -> list[Float32]:
        place = next(self.model.parameters()).device
        images = torch.from_numpy(batch).to(place).contiguous(memory_format=torch.channels_last)
        return [np.ascontiguousarray(head.cpu().numpy()) for head in self.model(images)]

    def close(self) -> None: ...


def find(
    model: nn.Module,
    heads: list[Head],
    size: tuple[int, int],
    images: list[Image],
    resize: InputShape = "fit",
    least: float = 0.05,
) -> list[Float32]:
    """Each picture's boxes (``N x 5``: pixels of the picture, and the score)."""
    spec = DetectorSpec(*size, resize, "rgb", least, NMS)
    found = Detector(TorchDetector(model), heads, spec).find(images)
    return [
        np.array([(*plate.box, plate.confidence) for plate in plates], np.float32).reshape(-1, 5)
        for plates in found
    ]


class DetectorTask:
    """A detector, its canvases and its check on ``dev``, for
    :func:`lpr_training.engine.loop.train`."""

    def __init__(self, recipe: DetectorRecipe, root: Path, cfg: Cfg) -> None:
        torch.manual_seed(recipe.schedule.seed)
        self.recipe, self.cfg = recipe, cfg
        self.size = cfg.net.width, cfg.net.height
        self.heads = [Head.of(section) for section in cfg.heads]
        self._loss = self._light_loss if recipe.darknet is None else self._darknet_loss
        if recipe.darknet is None:
            Grid.of(cfg)  # refuses heads that this loss does not know
        else:
            self.yolo = YoloLoss(cfg.heads, self.size, recipe.darknet.ignore_thresh)
        self.network = DarknetNet(cfg)
        self.model: nn.Module = self.network
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        for layer in (m for m in self.model.modules() if isinstance(m, nn.Conv2d)):
            if layer.bias is not None:
                # The heads begin with boxes of the anchors' own size in the middle of the cells,
                # so that the first assignments are sane.
                nn.init.normal_(layer.weight, std=0.01)
        if recipe.darknet is None:
            for norm in (m for m in self.model.modules() if isinstance(m, nn.BatchNorm2d)):
                norm.momentum = 0.03
        if recipe.branches:
            add_branches(self.model)
        sets = training_pictures(root, recipe.data, recipe.schedule.seed)
        self.batch: Callable[[int], Batch] = DetectorBatches(sets, recipe, self.size).batch
        self.dev = dev_pictures(root)
        if recipe.darknet:
            # A network as heavy as Darknet's usual ones takes a second for a picture.
            self.dev = {"": self.dev[""]}

    def start_from(self, model: Model) -> None:
        """Take over a published detector's weights; with other anchors it begins with the same
        boxes (:func:`lpr_training.detector.reanchor.keep_boxes`).

        Raises :class:`lpr.errors.ModelError` where its cfg is another network's.
        """
        fuse_branches(self.model)
        self.network.load(read_weights(model.detector.weights, self.cfg))
        keep_boxes(self.network, read_cfg(model.detector.cfg))
        if self.recipe.branches:
            add_branches(self.model)

    def start_from_checkpoint(self, file: Path) -> None:
        """As :meth:`start_from`, of the weights of a run's ``best.safetensors``."""
        start = load_detector(file).network
        if start.cfg.convolutions != self.cfg.convolutions:
            raise ModelError(f"{file}: holds another network than the recipe's cfg")
        fuse_branches(self.model)
        self.network.load(start.weights())
        keep_boxes(self.network, start.cfg)
        if self.recipe.branches:
            add_branches(self.model)

    def save(self, model: nn.Module, file: Path) -> None:
        assert isinstance(model, DarknetNet)
        network = DarknetNet(self.cfg)
        network.load(model.weights())  # kernels as the branches add up to them
        save_detector(Trained(network, self.resize), file)

    @property
    def resize(self) -> InputShape:
        """How pictures are put into the network's input: plain Darknet scales their sides apart."""
        return "fit" if self.recipe.darknet is None else "stretch"

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, float]]:
        return self._loss(self.model(to_input(batch.images)), batch)

    def _light_loss(self, raw: list[Tensor], batch: Batch) -> tuple[Tensor, dict[str, float]]:
        height, width = batch.images.shape[1:3]
        return detection_loss(Grid(self.heads, (width, height)), raw, batch)

    def _darknet_loss(self, raw: list[Tensor], batch: Batch) -> tuple[Tensor, dict[str, float]]:
        return self.yolo(raw, batch.plates, batch.ignored)

    def check(self, model: nn.Module) -> dict[str, float]:
        figures: dict[str, float] = {}
        for name, pictures in self.dev.items():
            images = [picture.levels[0] for picture in pictures]
            found = find(model, self.heads, self.size, images, self.resize)
            result = score_boxes(
                found,
                [p.boxes for p in pictures],
                self.recipe.threshold,
                ignored=[self._too_small(p) for p in pictures] if self.recipe.darknet else None,
            )
            figures |= {
                f"{name}ap": result.average_precision,
                f"{name}found": result.recall,
                f"{name}false": result.false_per_picture,
            }
        # Scenes resemble those of the training; what holds in other light and scale is worth more.
        weights = {"ap": 2, "crops_ap": 1, "stress_ap": 3}
        parts = {name: weight for name, weight in weights.items() if name in figures}
        total = sum(weight * figures[name] for name, weight in parts.items())
        figures["score"] = total / max(sum(parts.values()), 1)
        return figures

    def _too_small(self, picture: Pyramid) -> NDArray[np.bool_]:
        """Plates that are narrower than :data:`SMALLEST` pixels of a stretched input."""
        width = picture.boxes[:, 2] - picture.boxes[:, 0]
        return np.asarray(width * self.size[0] / picture.size[0] < SMALLEST)
