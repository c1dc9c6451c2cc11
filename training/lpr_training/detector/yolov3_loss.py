"""The loss of YOLOv3 (Redmon & Farhadi 2018), as Darknet computes it (yolo_layer.c)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from lpr.darknet.layers import RegionHead, Yolo

# Limit of the logarithm of a box's size relative to its anchor: larger than any picture, without
# overflow in an untrained network.
_MAX_LOG_SCALE = 8
_cross_entropy = functional.binary_cross_entropy_with_logits


class _Assigned(NamedTuple):
    """The ``M`` predictions of a head that plates are assigned to, by their indices."""

    picture: Tensor
    anchor: Tensor
    row: Tensor
    column: Tensor
    offset: Tensor  # ``M x 2``: the plate's centre within the cell, 0..1
    extent: Tensor  # ``M x 2``: the plate's width and height, in pixels of the input


class YoloLoss:
    """The loss for a network's ``[yolo]`` sections and an input of ``size`` (width, height).

    Each plate is assigned to the anchor of any head with the most similar shape, in the cell of its
    centre. This prediction learns the position (cross entropy), the size (squared error of the
    logarithm relative to the anchor), objectness and the class; position and size are weighted by
    ``2 - area`` (as a share of the picture). All other predictions learn to be no object, unless
    their box overlaps a plate by more than ``ignore_thresh``.

    Darknet states only the gradients; these are the functions with these gradients, summed and
    divided by the number of pictures.
    """

    def __init__(
        self, heads: Sequence[Yolo | RegionHead], size: tuple[int, int], ignore_thresh: float
    ) -> None:
        """Raises ``ValueError`` for heads that Darknet trains with another loss."""
        self.heads = tuple(head for head in heads if isinstance(head, Yolo) and not head.new_coords)
        if len(self.heads) < len(heads):
            raise ValueError("the loss of [region], and that of new_coords=1, are not supported")
        self.size, self.ignore_thresh = size, ignore_thresh
        self.anchors = torch.tensor(self.heads[0].all_anchors)
        self.scale = torch.tensor(size, dtype=torch.float32)

    def __call__(
        self, raw: Sequence[Tensor], plates: Tensor, ignored: Tensor
    ) -> tuple[Tensor, dict[str, float]]:
        """Return the loss and its parts.

        ``raw`` are the heads' outputs, ``N x A*(5+C) x h x w``. ``plates`` and ``ignored`` are
        ``M x 5``: number of the picture, x0, y0, x1, y1 in pixels of the input. All plates have
        class 0; predictions that overlap ignored ones have no loss.
        """
        sums = dict.fromkeys(("place", "extent", "object", "class"), raw[0].sum() * 0)
        best = self._best_anchors(plates)
        for head, values in zip(self.heads, raw, strict=True):
            for name, part in self._head(head, values, plates, best, ignored).items():
                sums[name] = sums[name] + part
        parts = {name: value / len(raw[0]) for name, value in sums.items()}
        total = torch.stack(list(parts.values())).sum()
        return total, {name: float(value.detach()) for name, value in parts.items()}

    def _best_anchors(self, plates: Tensor) -> Tensor:
        """The index of each plate's anchor, of all: that with the highest IoU at a common
        centre."""
        extent = plates[:, None, 3:] - plates[:, None, 1:3]
        shared = torch.minimum(extent, self.anchors).prod(2)
        union = extent.prod(2) + self.anchors.prod(1) - shared
        return (shared / union).argmax(1)

    def _head(
        self, head: Yolo, values: Tensor, plates: Tensor, best: Tensor, ignored: Tensor
    ) -> dict[str, Tensor]:
        count, _, rows, columns = values.shape
        values = values.view(count, len(head.mask), 5 + head.classes, rows, columns)
        anchors = torch.tensor(head.anchors)
        with torch.no_grad():
            boxes = self._boxes(values.detach(), anchors)
            overlaps = self._max_iou(boxes, torch.cat([plates, ignored]))
        assigned = self._assign(head, plates, best, (columns, rows))
        at = assigned.picture, assigned.anchor, assigned.row, assigned.column
        predicted = values[assigned.picture, assigned.anchor, :, assigned.row, assigned.column]
        weight = (2 - (assigned.extent / self.scale).prod(1))[:, None]
        place = _cross_entropy(predicted[:, :2], assigned.offset, reduction="none")
        log_size = (assigned.extent / anchors[assigned.anchor]).log()
        target = torch.zeros_like(overlaps)
        learns = (overlaps <= self.ignore_thresh).float()
        target[at] = learns[at] = 1
        classes = torch.zeros_like(predicted[:, 5:])
        classes[:, 0] = 1
        return {
            "place": (weight * place).sum(),
            "extent": (weight * (predicted[:, 2:4] - log_size).square() / 2).sum(),
            "object": _cross_entropy(values[:, :, 4], target, learns, reduction="sum"),
            "class": _cross_entropy(predicted[:, 5:], classes, reduction="sum"),
        }

    def _assign(
        self, head: Yolo, plates: Tensor, best: Tensor, cells: tuple[int, int]
    ) -> _Assigned:
        """The predictions of this head that plates are assigned to. Of several plates with the same
        prediction, the last counts, as in Darknet."""
        mask = torch.tensor(head.mask)
        mine = (best[:, None] == mask).any(1).nonzero().flatten()
        grid = torch.tensor(cells)
        centre = (plates[mine, 1:3] + plates[mine, 3:]) / 2 / self.scale * grid
        cell = torch.minimum(centre.long(), grid - 1).clamp(min=0)
        anchor = (best[mine, None] == mask).int().argmax(1)
        picture = plates[mine, 0].long()
        places = torch.stack([picture, anchor, cell[:, 1], cell[:, 0]], dim=1)
        last = {tuple(place): number for number, place in enumerate(places.tolist())}
        rows = torch.tensor(sorted(last.values()), dtype=torch.long)
        extent = plates[mine, 3:] - plates[mine, 1:3]
        pictures, anchors, cell_rows, columns = places[rows].unbind(1)
        return _Assigned(pictures, anchors, cell_rows, columns, (centre - cell)[rows], extent[rows])

    def _boxes(self, values: Tensor, anchors: Tensor) -> Tensor:
        """The predicted boxes, ``N x A x h x w x 4``: x0, y0, x1, y1 in pixels of the input."""
        rows, columns = values.shape[3:]
        y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        step = self.scale / torch.tensor([columns, rows])
        centre = (values[:, :, :2].sigmoid().movedim(2, -1) + torch.stack([x, y], -1)) * step
        scale = values[:, :, 2:4].clamp(max=_MAX_LOG_SCALE).exp().movedim(2, -1)
        half = scale * anchors[:, None, None] / 2
        return torch.cat([centre - half, centre + half], dim=-1)

    @staticmethod
    def _max_iou(boxes: Tensor, plates: Tensor) -> Tensor:
        """The highest IoU of each box with a plate of its picture: ``N x A x h x w``."""
        best_iou = torch.zeros(boxes.shape[:-1])
        area = (boxes[..., 2:] - boxes[..., :2]).prod(-1)
        for row in plates:
            picture, plate = int(row[0]), row[1:]
            low = torch.maximum(boxes[picture, ..., :2], plate[:2])
            high = torch.minimum(boxes[picture, ..., 2:], plate[2:])
            shared = (high - low).clamp(min=0).prod(-1)
            union = area[picture] + (plate[2:] - plate[:2]).prod() - shared
            best_iou[picture] = torch.maximum(best_iou[picture], shared / union.clamp(min=1e-9))
        return best_iou
