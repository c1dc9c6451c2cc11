"""The loss of detectors with one anchor per head, with a dynamic assignment of plates to cells."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from lpr.darknet.cfg import Cfg
from lpr.darknet.layers import Yolo
from lpr.detection.heads import Head
from lpr_training.detector.batches import Batch

# Limit of the logarithm of a box's size relative to its anchor, so that ``exp`` does not overflow.
_MAX_LOG_SCALE = 4
# Distance within which a cell can predict a plate's centre, in cells times ``scale_x_y``; the
# sigmoid saturates at 0.5.
_REACH = 0.45
_MAX_RATIO = 5  # Greatest ratio of a plate's side to the anchor's
_BOX_WEIGHT = 5  # Weight of the boxes' loss relative to those of objectness and class
_IOU_WEIGHT = 3  # Exponent of the overlap in the assignment's score (SimOTA)
_EPSILON = 1e-7  # Keeps quotients finite for boxes without area
_cross_entropy = functional.binary_cross_entropy_with_logits


class Grid:
    """Decodes several heads' raw outputs into boxes in pixels of the input, as Darknet does."""

    def __init__(self, heads: list[Head], size: tuple[int, int]) -> None:
        self.heads, self.size = heads, size

    def decode(self, raw: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Return boxes ``N x A x 4`` (x0, y0, x1, y1), objectness and class logits ``N x A``."""
        boxes, objects, classes = [], [], []
        for head, out in zip(self.heads, raw, strict=True):
            count, _, rows, columns = out.shape
            step = torch.tensor([self.size[0] / columns, self.size[1] / rows])
            y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
            cell = torch.stack([x, y], dim=-1).reshape(1, -1, 2)
            out = out.permute(0, 2, 3, 1).reshape(count, rows * columns, 6)
            offset = out[..., :2].sigmoid() * head.scale_x_y - (head.scale_x_y - 1) / 2
            centre = (offset + cell) * step
            half = out[..., 2:4].clamp(max=_MAX_LOG_SCALE).exp() * torch.tensor(head.anchors[0]) / 2
            boxes.append(torch.cat([centre - half, centre + half], dim=-1))
            objects.append(out[..., 4])
            classes.append(out[..., 5])
        return torch.cat(boxes, 1), torch.cat(objects, 1), torch.cat(classes, 1)

    def candidates(self, plates: Tensor, shapes: list[tuple[int, int]]) -> tuple[Tensor, Tensor]:
        """Return, for each plate (``M x 4``), the four cells of each head around its centre, as
        indices into the decoded boxes (``M x K``), and whether each can predict it."""
        centre = (plates[:, :2] + plates[:, 2:]) / 2
        extent = plates[:, 2:] - plates[:, :2]
        corner = torch.tensor([[0, 0], [1, 0], [0, 1], [1, 1]])
        indices, usable, start = [], [], 0
        for head, (rows, columns) in zip(self.heads, shapes, strict=True):
            limit = torch.tensor([columns, rows])
            at = centre * limit / torch.tensor(self.size)
            cell = (at - 0.5).floor().long()[:, None] + corner
            near = ((at[:, None] - cell - 0.5).abs() < _REACH * head.scale_x_y).all(-1)
            ratio = extent / torch.tensor(head.anchors[0])
            similar = (torch.maximum(ratio, 1 / ratio) < _MAX_RATIO).all(-1)[:, None]
            inside = ((cell >= 0) & (cell < limit)).all(-1)
            indices.append(start + cell[..., 1] * columns + cell[..., 0])
            usable.append(near & similar & inside)
            start += rows * columns
        return torch.cat(indices, 1), torch.cat(usable, 1)


def overlap(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return IoU and complete IoU (Zheng et al. 2020) of paired boxes (``... x 4``)."""
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    size_a, size_b = a[..., 2:] - a[..., :2], b[..., 2:] - b[..., :2]
    iou = shared / (size_a.prod(-1) + size_b.prod(-1) - shared + _EPSILON)
    hull = torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])
    apart = ((a[..., :2] + a[..., 2:] - b[..., :2] - b[..., 2:]) / 2).pow(2).sum(-1)
    angle_a, angle_b = (torch.atan2(size[..., 0], size[..., 1]) for size in (size_a, size_b))
    shape = 4 / torch.pi**2 * (angle_a - angle_b).pow(2)
    with torch.no_grad():
        weight = shape / (1 - iou + shape + _EPSILON)
    return iou, iou - apart / (hull.pow(2).sum(-1) + _EPSILON) - weight * shape


def assign(iou: Tensor, score: Tensor, cells: Tensor, usable: Tensor) -> Tensor:
    """Return which candidate cells (``M x K``) are assigned to each plate, given their predictions.

    As in SimOTA (Ge et al. 2021), a plate gets the cells with the highest ``score x iou^3``, as
    many as its candidates' overlaps add up to, at least one. A cell that suits several plates goes
    to the best match. ``cells`` are numbered over the whole batch.
    """
    cost = -(score.clamp(min=1e-8).log() + _IOU_WEIGHT * iou.clamp(min=1e-8).log())
    cost = cost.masked_fill(~usable, torch.inf)
    count = (iou * usable).sum(1).long().clamp(min=1)
    rank = cost.argsort(1).argsort(1)
    chosen = (rank < count[:, None]) & usable
    cost = cost.masked_fill(~chosen, torch.inf)
    cheapest = torch.full((int(cells.max()) + 1,), torch.inf)
    cheapest.scatter_reduce_(0, cells.flatten(), cost.flatten(), "amin")
    return chosen & (cost <= cheapest[cells])


def detection_loss(grid: Grid, raw: list[Tensor], batch: Batch) -> tuple[Tensor, dict[str, float]]:
    """Return the loss and its parts, averaged over the assigned cells.

    Boxes have complete IoU, classes cross entropy. Objectness has cross entropy with the overlap
    as its target, so that accurate boxes survive non-maximum suppression.
    """
    boxes, objects, classes = grid.decode(raw)
    shapes = [(out.shape[2], out.shape[3]) for out in raw]
    target = torch.zeros_like(objects)
    weight = _unignored(batch.ignored, shapes, grid.size, len(objects))
    box_loss = boxes.sum() * 0
    class_loss = classes.sum() * 0
    if len(batch.plates):
        index, usable = grid.candidates(batch.plates[:, 1:], shapes)
        index = index.clamp(0, boxes.shape[1] - 1)
        picture = batch.plates[:, :1].long()
        target_boxes = batch.plates[:, None, 1:].expand(-1, index.shape[1], -1)
        with torch.no_grad():
            iou, _ = overlap(boxes.detach()[picture, index], target_boxes)
            score = objects.detach()[picture, index].sigmoid()
            score = score * classes.detach()[picture, index].sigmoid()
            assigned = assign(iou, score, picture * boxes.shape[1] + index, usable)
        at = picture.expand_as(index)[assigned], index[assigned]
        iou, complete = overlap(boxes[at], target_boxes[assigned])
        target[at] = iou.detach()
        weight[at] = 1
        box_loss = (1 - complete).sum()
        class_loss = _cross_entropy(classes[at], torch.ones_like(classes[at]), reduction="sum")
    positive = max(float((target > 0).sum()), 1.0)
    object_loss = _cross_entropy(objects, target, weight, reduction="sum")
    parts = {"box": box_loss, "object": object_loss, "class": class_loss}
    parts = {name: value / positive for name, value in parts.items()}
    total = _BOX_WEIGHT * parts["box"] + parts["object"] + parts["class"]
    return total, {name: float(value.detach()) for name, value in parts.items()}


def _unignored(
    ignored: Tensor, shapes: list[tuple[int, int]], size: tuple[int, int], count: int
) -> Tensor:
    """Weights of the cells (``N x A``): 0 in and beside ignored plates, else 1."""
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


def check_heads(cfg: Cfg) -> None:
    """Raise :class:`ValueError` unless each head is a ``[yolo]`` of one anchor and one class."""
    for head in cfg.heads:
        plain = isinstance(head, Yolo) and not head.new_coords
        if not plain or len(head.anchors) != 1 or head.classes != 1:
            raise ValueError(f"{cfg.name}: training needs [yolo] heads of one anchor and one class")
