"""Learning from another recognizer: its probabilities, time step by time step."""

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

_GREY = (0.299, 0.587, 0.114)


@dataclass(frozen=True, slots=True)
class Distil:
    """``model`` (a name or a folder) teaches with ``weight``, 1 counting as much as the labels."""

    model: str = "tw-light"
    weight: float = 1.0


class Teacher:
    """A model's recognizer, asked about each batch that a pupil is shown.

    Hinton et al. 2015, Distilling the Knowledge in a Neural Network; frame by frame as for acoustic
    models (Senior et al. 2015), so teacher and pupil see the same crops in as many time steps.
    """

    def __init__(self, distil: Distil, pupil: CtcSpec) -> None:
        """Raises :class:`lpr.errors.LprError` where the two cannot see the same crops."""
        self.weight, self._name = distil.weight, distil.model
        model = load_model(distil.model).recognizer
        runtime = select_recognizer(registry().recognizer_runtimes, "cpu", model.format)
        opened = runtime.open(model, threads=1)
        spec = model.spec
        same_size = (spec.width, spec.height) == (pupil.width, pupil.height)
        same_colours = spec.channels in ("gray", pupil.channels)
        if not isinstance(opened, CtcRecognizer) or not same_size or not same_colours:
            raise LprError(f"{distil.model} cannot teach: its crops are not those of the pupil")
        self._network, self._spec, self._pupil = opened, spec, pupil
        try:
            places = [spec.alphabet.index(char) for char in pupil.alphabet]
        except ValueError as error:
            raise LprError(f"{distil.model} cannot teach: its alphabet is smaller") from error
        classes = [place + (place >= spec.blank) for place in places]
        classes.insert(pupil.blank, spec.blank)
        self._classes = torch.tensor(classes)

    def lesson(self, images: Tensor, scores: Tensor) -> Tensor:
        """The cross entropy of the pupil's ``scores`` (``N x T x C`` log probabilities, without the
        dropped steps) to the teacher's probabilities, summed over a plate's time steps / 10.

        A plate has some ten time steps that matter: so it weighs about as much as a CTC loss.
        """
        asked = self._seen(images).cpu().numpy()
        logits = torch.from_numpy(self._network.logits(np.ascontiguousarray(asked)))
        logits = logits.to(images.device)
        said = logits[:, self._pupil.dropped_steps :, self._classes].softmax(2)
        if said.shape[1] != scores.shape[1]:
            raise LprError(
                f"{self._name} cannot teach: it takes {logits.shape[1]} time steps, the pupil "
                f"{scores.shape[1] + self._pupil.dropped_steps}"
            )
        return -(said * scores).sum((1, 2)).mean() / 10

    def _seen(self, images: Tensor) -> Tensor:
        """The pupil's input as the teacher's."""
        values = images * self._pupil.std + self._pupil.mean
        if self._pupil.channels != self._spec.channels:
            order = _GREY if self._pupil.channels == "rgb" else _GREY[::-1]
            values = (values * torch.tensor(order).view(1, 3, 1, 1)).sum(1, keepdim=True)
        return (values - self._spec.mean) / self._spec.std
