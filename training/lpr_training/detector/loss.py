"""The loss of the light detectors: heads of one anchor, cells that are given out by what they
predict."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from lpr.darknet.cfg import Cfg
from lpr.darknet.layers import RegionHead, Yolo
from lpr.detection.heads import Head
from lpr_training.detector.batches import Batch


class Grid:
    """Darknet's decoding of several heads' raw outputs into boxes in input pixels."""

    def __init__(self, heads: list[Head], size: tuple[int, int]) -> None:
        self.heads, self.size = heads, size

    @classmethod
    def of(cls, cfg: Cfg) -> Grid:
        """Raises :class:`ValueError` unless each head is a ``[yolo]`` of one anchor and class."""
        if not all(_simple(head) for head in cfg.heads):
            raise ValueError(f"{cfg.name}: the trainer takes [yolo] of one anchor and one class")
        heads = [Head.of(section) for section in cfg.heads]
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


def _simple(head: Yolo | RegionHead) -> bool:
    plain = isinstance(head, Yolo) and not head.new_coords
    return plain and len(head.anchors) == 1 and head.classes == 1
