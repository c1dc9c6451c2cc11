"""Training a Darknet detector of plates: configuration, data, assignment, loss, check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from lpr.darknet.cfg import Cfg
from lpr.darknet.weights import read_weights
from lpr.detect import Detector, Head, fitted
from lpr.evaluate.stress import stressed
from lpr.labels import read_labels
from lpr.models import Model
from lpr.specs import DetectorSpec
from lpr.types import Float32, Image
from lpr_training.augment import Layout, Photometry, compose, photometric
from lpr_training.branches import add_branches, fuse_branches
from lpr_training.darknet_net import DarknetNet
from lpr_training.datasets import Pyramid, load, read_unlabelled, read_voc
from lpr_training.loop import Schedule
from lpr_training.metrics import score_boxes
from lpr_training.rendered import Edits, edited, rendered_scenes

# ---------------------------------------------------------------------------- configuration

STRIDE = 32
"""Sides of canvases are multiples of it."""


@dataclass(frozen=True, slots=True)
class Data:
    """The share of training pictures that comes from each set, how many are rendered, and the share
    of photographs that are ``edited``."""

    scenes: float = 0.5
    dashcam: float = 0.17
    crops: float = 0.18
    rendered: float = 0.15
    rendered_pictures: int = 1000
    edited: float = 0.5


@dataclass(frozen=True, slots=True)
class DetectorRecipe:
    """``sizes`` gives the canvases' sides: [step, pixels] from that step on, the first at step 0.
    Canvases have one of the ``aspects`` (width / height), and about as many pixels as a square one.
    Boxes count from a score of ``threshold`` on where ``check`` measures recall and false boxes.
    With ``branches`` the 3 x 3 convolutions are re-parameterised (:mod:`lpr_training.branches`)."""

    schedule: Schedule
    cfg: str = "tw-light-detector.cfg"
    sizes: tuple[tuple[int, int], ...] = ((0, 384),)
    aspects: tuple[float, ...] = (1.0,)
    data: Data = field(default_factory=Data)
    edits: Edits = field(default_factory=Edits)
    layout: Layout = field(default_factory=Layout)
    photometry: Photometry = field(default_factory=Photometry)
    threshold: float = 0.4
    branches: bool = True

    def size_at(self, step: int) -> tuple[int, int]:
        """Width and height of the canvases of a step."""
        side = [size for start, size in self.sizes if start <= step][-1]
        aspect = np.random.default_rng([self.schedule.seed, step]).choice(self.aspects)
        # A picture of these proportions that is larger than any canvas: it bounds nothing else.
        return fitted(round(4 * side * aspect), 4 * side, side**2, STRIDE)


# ---------------------------------------------------------------------------- data


@dataclass(frozen=True, slots=True)
class Batch:
    """``images``: N x H x W x 3, BGR bytes. ``plates`` and ``ignored``: M x 5, each the picture's
    number and x0, y0, x1, y1."""

    images: Tensor
    plates: Tensor
    ignored: Tensor


LARGEST = 65_536
"""Pixels of a side that no picture exceeds: such a limit leaves them as they are."""

PHOTOGRAPHS = ("scenes", "dashcam", "crops")


def training_pictures(root: Path, data: Data, seed: int) -> dict[str, list[Pyramid]]:
    """The pictures under the data folder ``root`` that may be trained on, and rendered ones."""
    unlabelled = read_unlabelled()
    scenes = read_labels(root / "taiwan-scenes", "train")
    dashcam = read_voc(root / "romania-scenes" / "train")
    return {
        "scenes": load(scenes, unlabelled=unlabelled["taiwan-scenes"]),
        "dashcam": load(dashcam, unlabelled=unlabelled["romania-scenes"]),
        "crops": load(read_labels(root / "taiwan-crops", "train")),
        "rendered": rendered_scenes(data.rendered_pictures, seed),
    }


def dev_pictures(root: Path) -> dict[str, list[Pyramid]]:
    """Scenes, close-ups of single plates, and the scenes in other light, colours and scale."""
    scenes, crops = (read_labels(root / name, "dev") for name in ("taiwan-scenes", "taiwan-crops"))
    sets = {"": load(scenes), "crops_": load(crops)}
    changed = [
        stressed(picture.levels[0], source)
        for picture, source in zip(load(scenes, longest=LARGEST), scenes, strict=True)
    ]
    sets["stress_"] = [Pyramid(image, [p.box for p in moved.plates]) for image, moved in changed]
    return sets


class Canvases:
    """Batches of composed pictures; the one of a step depends on the seed and the step alone."""

    def __init__(self, sets: dict[str, list[Pyramid]], recipe: DetectorRecipe) -> None:
        self.sets = {name: pictures for name, pictures in sets.items() if pictures}
        self.recipe = recipe
        shares = np.array([getattr(recipe.data, name) for name in self.sets])
        self.shares = shares / shares.sum()

    def batch(self, step: int) -> Batch:
        images, plates, ignored = [], [], []
        for index in range(self.recipe.schedule.batch):
            rng = np.random.default_rng([self.recipe.schedule.seed, step, index])
            image, boxes, unclear = self.canvas(rng, self.recipe.size_at(step))
            images.append(image)
            rows = np.insert(boxes, 0, index, axis=1)
            plates.append(rows[~unclear])
            ignored.append(rows[unclear])
        return Batch(
            torch.from_numpy(np.stack(images)),
            torch.from_numpy(np.concatenate(plates)),
            torch.from_numpy(np.concatenate(ignored)),
        )

    def canvas(
        self, rng: np.random.Generator, size: tuple[int, int]
    ) -> tuple[Image, Float32, NDArray[np.bool_]]:
        layout = self.recipe.layout
        pictures = [self.pick(rng) for _ in range(4 if rng.random() < layout.mosaic else 1)]
        image, boxes, unclear = compose(pictures, size, rng, layout)
        return photometric(image, rng, self.recipe.photometry), boxes, unclear

    def pick(self, rng: np.random.Generator) -> Pyramid:
        name = rng.choice(list(self.sets), p=self.shares)
        picture = self.sets[name][rng.integers(len(self.sets[name]))]
        if name in PHOTOGRAPHS and rng.random() < self.recipe.data.edited:
            picture = edited(rng, picture, self.recipe.edits)
        return picture


def to_input(images: Tensor) -> Tensor:
    """``N x H x W x 3`` BGR bytes as the network takes them: ``N x 3 x H x W`` RGB, 0..1."""
    flipped = images.permute(0, 3, 1, 2).flip(1).float() / 255
    return flipped.contiguous(memory_format=torch.channels_last)


# ---------------------------------------------------------------------------- heads


class Grid:
    """Darknet's decoding of several heads' raw outputs into boxes in input pixels."""

    def __init__(self, heads: list[Head], size: tuple[int, int]) -> None:
        self.heads, self.size = heads, size

    @classmethod
    def of(cls, cfg: Cfg) -> Grid:
        """Raises :class:`ValueError` unless each head has one anchor and one class."""
        if any(len(head.anchors) != 1 or head.classes != 1 for head in cfg.heads):
            raise ValueError(f"{cfg.name}: the trainer takes heads of one anchor and one class")
        heads = [Head(head.anchors, head.classes, head.scale_x_y) for head in cfg.heads]
        return cls(heads, (cfg.net.width, cfg.net.height))

    def decode(self, raw: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Boxes ``N x A x 4`` (x0, y0, x1, y1), objectness and class logits ``N x A``."""
        boxes, objects, classes = [], [], []
        for head, out in zip(self.heads, raw, strict=True):
            count, _, rows, columns = out.shape
            step = torch.tensor([self.size[0] / columns, self.size[1] / rows])
            y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
            cell = torch.stack([x, y], dim=-1).reshape(1, -1, 2)
            out = out.permute(0, 2, 3, 1).reshape(count, rows * columns, 6)
            offset = out[..., :2].sigmoid() * head.scale_x_y - (head.scale_x_y - 1) / 2
            centre = (offset + cell) * step
            half = out[..., 2:4].clamp(max=4).exp() * torch.tensor(head.anchors[0]) / 2
            boxes.append(torch.cat([centre - half, centre + half], dim=-1))
            objects.append(out[..., 4])
            classes.append(out[..., 5])
        return torch.cat(boxes, 1), torch.cat(objects, 1), torch.cat(classes, 1)

    def candidates(self, plates: Tensor, shapes: list[tuple[int, int]]) -> tuple[Tensor, Tensor]:
        """For each plate (``M x 4``) the cells whose prediction can reach its centre: four for each
        head, as indices into the decoded boxes, and whether each is usable."""
        centre = (plates[:, :2] + plates[:, 2:]) / 2
        extent = plates[:, 2:] - plates[:, :2]
        corner = torch.tensor([[0, 0], [1, 0], [0, 1], [1, 1]])
        indices, usable, start = [], [], 0
        for head, (rows, columns) in zip(self.heads, shapes, strict=True):
            limit = torch.tensor([columns, rows])
            at = centre * limit / torch.tensor(self.size)
            cell = (at - 0.5).floor().long()[:, None] + corner
            near = ((at[:, None] - cell - 0.5).abs() < 0.45 * head.scale_x_y).all(-1)
            ratio = extent / torch.tensor(head.anchors[0])
            alike = (torch.maximum(ratio, 1 / ratio) < 5).all(-1)[:, None]
            inside = ((cell >= 0) & (cell < limit)).all(-1)
            indices.append(start + cell[..., 1] * columns + cell[..., 0])
            usable.append(near & alike & inside)
            start += rows * columns
        return torch.cat(indices, 1), torch.cat(usable, 1)


# ---------------------------------------------------------------------------- loss


def overlap(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """IoU and complete IoU (Zheng et al. 2020) of paired boxes (``... x 4``)."""
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    size_a, size_b = a[..., 2:] - a[..., :2], b[..., 2:] - b[..., :2]
    iou = shared / (size_a.prod(-1) + size_b.prod(-1) - shared + 1e-7)
    hull = torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])
    apart = ((a[..., :2] + a[..., 2:] - b[..., :2] - b[..., 2:]) / 2).pow(2).sum(-1)
    angle = torch.atan2(size_a[..., 0], size_a[..., 1]) - torch.atan2(
        size_b[..., 0], size_b[..., 1]
    )
    shape = 4 / torch.pi**2 * angle.pow(2)
    with torch.no_grad():
        weight = shape / (1 - iou + shape + 1e-7)
    return iou, iou - apart / (hull.pow(2).sum(-1) + 1e-7) - weight * shape


def assign(iou: Tensor, score: Tensor, cells: Tensor, usable: Tensor) -> Tensor:
    """Which candidate cells (``M x K``) are to predict which plate, by what they predict now.

    As in SimOTA (Ge et al. 2021): a plate takes as many cells as its candidates' overlaps sum up
    to, at least one, those of the highest ``score x iou^3``; a cell that several plates want goes
    to the one it suits best. ``cells`` number the cells over the whole batch.
    """
    cost = -(score.clamp(min=1e-8).log() + 3 * iou.clamp(min=1e-8).log())
    cost = cost.masked_fill(~usable, torch.inf)
    count = (iou * usable).sum(1).long().clamp(min=1)
    rank = cost.argsort(1).argsort(1)
    chosen = (rank < count[:, None]) & usable
    cost = cost.masked_fill(~chosen, torch.inf)
    cheapest = torch.full((int(cells.max()) + 1,), torch.inf)
    cheapest.scatter_reduce_(0, cells.flatten(), cost.flatten(), "amin")
    return chosen & (cost <= cheapest[cells])


def detection_loss(grid: Grid, raw: list[Tensor], batch: Batch) -> tuple[Tensor, dict[str, float]]:
    """Complete IoU for the boxes, cross entropy for objectness (its target is the overlap, so that
    well-placed boxes survive suppression) and for the class, per plate-predicting cell."""
    boxes, objects, classes = grid.decode(raw)
    shapes = [(out.shape[2], out.shape[3]) for out in raw]
    target = torch.zeros_like(objects)
    weight = _unignored(batch.ignored, shapes, grid.size, len(objects))
    fit = boxes.sum() * 0
    kind = classes.sum() * 0
    if len(batch.plates):
        index, usable = grid.candidates(batch.plates[:, 1:], shapes)
        index = index.clamp(0, boxes.shape[1] - 1)
        picture = batch.plates[:, :1].long()
        wanted = batch.plates[:, None, 1:].expand(-1, index.shape[1], -1)
        with torch.no_grad():
            iou, _ = overlap(boxes.detach()[picture, index], wanted)
            score = objects.detach()[picture, index].sigmoid()
            score = score * classes.detach()[picture, index].sigmoid()
            taken = assign(iou, score, picture * boxes.shape[1] + index, usable)
        at = picture.expand_as(index)[taken], index[taken]
        iou, complete = overlap(boxes[at], wanted[taken])
        target[at] = iou.detach()
        weight[at] = 1
        fit = (1 - complete).sum()
        kind = functional.binary_cross_entropy_with_logits(
            classes[at], torch.ones_like(classes[at]), reduction="sum"
        )
    positive = max(float((target > 0).sum()), 1.0)
    object_loss = functional.binary_cross_entropy_with_logits(
        objects, target, weight, reduction="sum"
    )
    parts = {"box": fit / positive, "object": object_loss / positive, "class": kind / positive}
    total = 5 * parts["box"] + parts["object"] + parts["class"]
    return total, {name: float(value.detach()) for name, value in parts.items()}


def _unignored(
    ignored: Tensor, shapes: list[tuple[int, int]], size: tuple[int, int], count: int
) -> Tensor:
    """1 for each cell (``N x A``), 0 where its centre lies in or beside an ignored plate."""
    masks = []
    for rows, columns in shapes:
        mask = torch.ones(count, rows, columns)
        cells = ignored[:, 1:] * torch.tensor([columns, rows] * 2) / torch.tensor(size * 2)
        for picture, box in zip(ignored[:, 0].long(), cells, strict=True):
            x0, y0 = ((box[:2] - 1).floor().long()).clamp(min=0).tolist()
            x1, y1 = ((box[2:] + 1).ceil().long()).tolist()
            mask[picture, y0:y1, x0:x1] = 0
        masks.append(mask.flatten(1))
    return torch.cat(masks, 1)


# ---------------------------------------------------------------------------- check


NMS = 0.45


class TorchDetector:
    """A network in training as a :class:`lpr.protocols.DetectorNetwork`: it is checked by the code
    that will run it."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model

    @torch.no_grad()
    def forward(self, batch: Float32) -> list[Float32]:
        images = torch.from_numpy(batch).contiguous(memory_format=torch.channels_last)
        return [np.ascontiguousarray(head.numpy()) for head in self.model(images)]

    def close(self) -> None: ...


def find(model: nn.Module, grid: Grid, images: list[Image], least: float = 0.05) -> list[Float32]:
    """Each picture's boxes (``N x 5``: pixels of the picture, and the score)."""
    spec = DetectorSpec(*grid.size, "fit", "rgb", least, NMS)
    found = Detector(TorchDetector(model), grid.heads, spec).find(images)
    return [
        np.array([(*plate.box, plate.confidence) for plate in plates], np.float32).reshape(-1, 5)
        for plates in found
    ]


class DetectorTask:
    """A detector, its canvases and its check on ``dev``, for :func:`lpr_training.loop.train`."""

    def __init__(self, recipe: DetectorRecipe, root: Path, cfg: Cfg) -> None:
        torch.manual_seed(recipe.schedule.seed)
        self.recipe, self.cfg, self.grid = recipe, cfg, Grid.of(cfg)
        self.network = DarknetNet(cfg)
        self.model: nn.Module = self.network
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        for layer in (m for m in self.model.modules() if isinstance(m, nn.Conv2d)):
            if layer.bias is not None:
                # The heads begin with boxes of the anchors' own size in the middle of the cells,
                # so that the first assignments are sane.
                nn.init.normal_(layer.weight, std=0.01)
        for norm in (m for m in self.model.modules() if isinstance(m, nn.BatchNorm2d)):
            norm.momentum = 0.03
        if recipe.branches:
            add_branches(self.model)
        sets = training_pictures(root, recipe.data, recipe.schedule.seed)
        self.batch: Callable[[int], Batch] = Canvases(sets, recipe).batch
        self.dev = dev_pictures(root)

    def start_from(self, model: Model) -> None:
        """Take over a published detector's weights.

        Raises :class:`lpr.errors.ModelError` where its cfg is another network's.
        """
        fuse_branches(self.model)
        self.network.load(read_weights(model.detector.weights, self.cfg))
        if self.recipe.branches:
            add_branches(self.model)

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, float]]:
        height, width = batch.images.shape[1:3]
        grid = Grid(self.grid.heads, (width, height))
        return detection_loss(grid, self.model(to_input(batch.images)), batch)

    def check(self, model: nn.Module) -> dict[str, float]:
        figures: dict[str, float] = {}
        for name, pictures in self.dev.items():
            found = find(model, self.grid, [picture.levels[0] for picture in pictures])
            result = score_boxes(found, [p.boxes for p in pictures], self.recipe.threshold)
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
