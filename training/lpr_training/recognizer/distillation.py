"""Distillation: learning another recognizer's probabilities at each time step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lpr.errors import LprError
from lpr.loading import registry
from lpr.models import load_model
from lpr.protocols import CtcRecognizer
from lpr.runtimes.select import select_recognizer
from lpr.specs import CtcSpec

_LUMA = (0.299, 0.587, 0.114)  # Weights of red, green and blue in grey (ITU-R BT.601), as OpenCV's
# Time steps that matter on a plate. The loss is divided by it, to be about as large as CTC's.
_TIME_STEPS = 10


@dataclass(frozen=True, slots=True)
class Distil:
    """The settings of a distillation."""

    model: str = "tw-light"  # The teacher: a model's name or folder
    weight: float = 1.0  # Weight of the loss, relative to that of the labels


class Teacher:
    """A model's recognizer that teaches another, the student.

    Hinton et al. 2015, Distilling the Knowledge in a Neural Network; per time step as for acoustic
    models (Senior et al. 2015), so both networks have the same crops and time steps.
    """

    def __init__(self, distil: Distil, student: CtcSpec) -> None:
        """Raises :class:`lpr.errors.LprError` if the networks' crops or alphabets do not match."""
        self.weight, self._name = distil.weight, distil.model
        model = load_model(distil.model).recognizer
        runtime = select_recognizer(registry().recognizer_runtimes, "cpu", model.format)
        opened = runtime.open(model, threads=1)
        spec = model.spec
        same_size = (spec.width, spec.height) == (student.width, student.height)
        same_colours = spec.channels in ("gray", student.channels)
        if not isinstance(opened, CtcRecognizer) or not same_size or not same_colours:
            raise LprError(f"{distil.model} cannot teach: its crops differ from the student's")
        self._network, self._spec, self._student = opened, spec, student
        try:
            classes = spec.encode(student.alphabet)
        except ValueError as error:
            raise LprError(f"{distil.model} cannot teach: its alphabet is too small") from error
        classes.insert(student.blank, spec.blank)
        self._classes = torch.tensor(classes)

    def loss(self, images: Tensor, scores: Tensor) -> Tensor:
        """Return the cross entropy between the teacher's probabilities and the student's ``scores``
        (``N x T x C`` log probabilities, without the dropped steps), summed over a plate's time
        steps and divided by :data:`_TIME_STEPS`."""
        inputs = self._teacher_input(images).cpu().numpy()
        logits = torch.from_numpy(self._network.logits(np.ascontiguousarray(inputs)))
        logits = logits.to(images.device)
        probabilities = logits[:, self._student.dropped_steps :, self._classes].softmax(2)
        if probabilities.shape[1] != scores.shape[1]:
            raise LprError(
                f"{self._name} cannot teach: it has {logits.shape[1]} time steps, the student "
                f"{scores.shape[1] + self._student.dropped_steps}"
            )
        return -(probabilities * scores).sum((1, 2)).mean() / _TIME_STEPS

    def _teacher_input(self, images: Tensor) -> Tensor:
        """The student's input, converted to the teacher's."""
        values = images * self._student.std + self._student.mean
        if self._student.channels != self._spec.channels:
            order = _LUMA if self._student.channels == "rgb" else _LUMA[::-1]
            values = (values * torch.tensor(order).view(1, 3, 1, 1)).sum(1, keepdim=True)
        return (values - self._spec.mean) / self._spec.std
