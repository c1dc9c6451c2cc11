"""The training task of a Darknet detector: network, loss, check."""

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
from lpr_training.detector.loss import Grid, check_heads, detection_loss
from lpr_training.detector.reanchor import keep_boxes
from lpr_training.detector.recipe import DetectorRecipe
from lpr_training.detector.yolov3_loss import YoloLoss
from lpr_training.engine.metrics import score_boxes
from lpr_training.engine.reparameterization import add_branches, plain_kernels

NMS = 0.45
"""IoU above which non-maximum suppression removes the weaker box."""

MIN_SCORE = 0.05
"""Least score of the boxes in checks; lower ones hardly change the average precision."""

SMALLEST = 16
"""Darknet's networks: checks ignore narrower plates, in pixels of the input."""

# Standard deviation of the heads' initial weights: at first boxes have their anchor's size and lie
# in the middle of the cell, so that the first assignments make sense.
_HEAD_STD = 0.01
_NORM_MOMENTUM = 0.03  # Momentum of the batch norms, lower than torch's because batches are small
# Weights of the figures in a check's score. Scenes resemble the training's pictures, so precision
# under other light and scale counts more.
_SCORE_WEIGHTS = {"ap": 2, "crops_ap": 1, "stress_ap": 3}


class TorchDetector:
    """A network in training as a :class:`lpr.protocols.DetectorNetwork`: checks use lpr's code."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model

    @torch.no_grad()
    def forward(self, batch: Float32) -> list[Float32]:
        device = next(self.model.parameters()).device
        images = torch.from_numpy(batch).to(device).contiguous(memory_format=torch.channels_last)
        return [np.ascontiguousarray(head.cpu().numpy()) for head in self.model(images)]

    def close(self) -> None: ...


def find(
    model: nn.Module,
    heads: list[Head],
    size: tuple[int, int],
    images: list[Image],
    resize: InputShape = "fit",
) -> list[Float32]:
    """Return each picture's boxes (``N x 5``: x0, y0, x1, y1 in its pixels, score)."""
    spec = DetectorSpec(*size, resize, "rgb", MIN_SCORE, NMS)
    detections = Detector(TorchDetector(model), heads, spec, close_ups=False).find(images)
    return [
        np.array([(*plate.box, plate.confidence) for plate in plates], np.float32).reshape(-1, 5)
        for plates in detections
    ]


class DetectorTask:
    """A detector as a :class:`lpr_training.engine.loop.Task`."""

    def __init__(self, recipe: DetectorRecipe, root: Path, cfg: Cfg) -> None:
        torch.manual_seed(recipe.schedule.seed)
        self.recipe, self.cfg = recipe, cfg
        self.size = cfg.net.width, cfg.net.height
        self.heads = [Head.of(section) for section in cfg.heads]
        self.yolo: YoloLoss | None = None
        if recipe.darknet is None:
            check_heads(cfg)
        else:
            self.yolo = YoloLoss(cfg.heads, self.size, recipe.darknet.ignore_thresh)
        self.network = DarknetNet(cfg)
        self.model: nn.Module = self.network
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        for layer in (m for m in self.model.modules() if isinstance(m, nn.Conv2d)):
            if layer.bias is not None:
                nn.init.normal_(layer.weight, std=_HEAD_STD)
        if recipe.darknet is None:
            for norm in (m for m in self.model.modules() if isinstance(m, nn.BatchNorm2d)):
                norm.momentum = _NORM_MOMENTUM
        if recipe.branches:
            add_branches(self.model)
        sets = training_pictures(root, recipe.data, recipe.schedule.seed)
        self.batch: Callable[[int], Batch] = DetectorBatches(sets, recipe, self.size).batch
        self.dev = dev_pictures(root)
        if recipe.darknet:
            # Darknet's usual networks take a second for a picture.
            self.dev = {"": self.dev[""]}

    def start_from(self, model: Model) -> None:
        """Start from a published detector's weights, and with the same boxes if the anchors differ
        (:func:`lpr_training.detector.reanchor.keep_boxes`).

        Raises :class:`lpr.errors.ModelError` if its network is another one.
        """
        with plain_kernels(self.model, self.recipe.branches):
            self.network.load(read_weights(model.detector.weights, self.cfg))
            keep_boxes(self.network, read_cfg(model.detector.cfg))

    def start_from_checkpoint(self, file: Path) -> None:
        """Like :meth:`start_from`, with the weights of a run's ``best.safetensors``."""
        start = load_detector(file).network
        if start.cfg.convolutions != self.cfg.convolutions:
            raise ModelError(f"{file}: holds another network than the recipe's cfg")
        with plain_kernels(self.model, self.recipe.branches):
            self.network.load(start.weights())
            keep_boxes(self.network, start.cfg)

    def save(self, model: nn.Module, file: Path) -> None:
        assert isinstance(model, DarknetNet)
        network = DarknetNet(self.cfg)
        network.load(model.weights())  # with fused branches
        save_detector(Trained(network, self.resize), file)

    @property
    def resize(self) -> InputShape:
        """How pictures are fitted into the network's input: plain Darknet stretches them."""
        return "fit" if self.recipe.darknet is None else "stretch"

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, float]]:
        raw = self.model(to_input(batch.images))
        if self.yolo:
            return self.yolo(raw, batch.plates, batch.ignored)
        height, width = batch.images.shape[1:3]
        return detection_loss(Grid(self.heads, (width, height)), raw, batch)

    def check(self, model: nn.Module) -> dict[str, float]:
        figures: dict[str, float] = {}
        for name, pictures in self.dev.items():
            images = [picture.levels[0] for picture in pictures]
            result = score_boxes(
                find(model, self.heads, self.size, images, self.resize),
                [p.boxes for p in pictures],
                self.recipe.threshold,
                ignored=[self._too_small(p) for p in pictures] if self.recipe.darknet else None,
            )
            figures |= {f"{name}{figure}": value for figure, value in result.items()}
        weights = {name: weight for name, weight in _SCORE_WEIGHTS.items() if name in figures}
        total = sum(weight * figures[name] for name, weight in weights.items())
        figures["score"] = total / max(sum(weights.values()), 1)
        return figures

    def _too_small(self, picture: Pyramid) -> NDArray[np.bool_]:
        """Whether each plate is narrower than :data:`SMALLEST` pixels of the stretched input."""
        width = picture.boxes[:, 2] - picture.boxes[:, 0]
        return np.asarray(width * self.size[0] / picture.size[0] < SMALLEST)
