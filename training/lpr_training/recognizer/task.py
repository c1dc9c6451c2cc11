"""The training task of a CTC recognizer: network, loss, check."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from lpr.errors import ModelError
from lpr.models import Model
from lpr.recognition.ctc_reader import CtcReader
from lpr.specs import CtcSpec
from lpr.types import Crop, Float32
from lpr_torch.checkpoints import Recognizer, load_recognizer, recognizer_network, save_recognizer
from lpr_torch.plain import CtcNet
from lpr_torch.resnet_gru import ResNetGruNet
from lpr_training.datasets.plate_samples import frame, jittered
from lpr_training.engine.metrics import score_texts
from lpr_training.engine.reparameterization import add_branches, fuse_branches, plain_kernels
from lpr_training.recognizer.attribute_loss import attribute_loss
from lpr_training.recognizer.batches import Batch, RecognizerBatches
from lpr_training.recognizer.distillation import Teacher
from lpr_training.recognizer.net2net import widen
from lpr_training.recognizer.onnx_weights import load_fused
from lpr_training.recognizer.plates import Plates
from lpr_training.recognizer.recipe import RecognizerRecipe

# Standard deviation of a jittered box's sides in checks, as a fraction of its width or height.
_JITTER = 0.04
_EVAL_BATCH = 32  # Crops per forward pass of the loss on ``dev``
# Number of batches that training does not use, for the batch-norm statistics of published weights.
_STATISTICS_BATCHES = 16


class TorchRecognizer:
    """A network in training as a :class:`lpr.protocols.CtcRecognizer`, so checks run lpr's code."""

    def __init__(self, model: nn.Module, spec: CtcSpec) -> None:
        self.model, self.spec = model, spec

    @torch.no_grad()
    def logits(self, batch: Float32) -> Float32:
        device = next(self.model.parameters()).device
        return np.ascontiguousarray(self.model(torch.from_numpy(batch).to(device)).cpu().numpy())

    def close(self) -> None: ...


class RecognizerTask:
    """A recognizer as a :class:`lpr_training.engine.loop.Task`."""

    def __init__(self, recipe: RecognizerRecipe, plates: Plates) -> None:
        torch.manual_seed(recipe.schedule.seed)
        self.recipe, self.spec = recipe, recipe.spec
        self.model = recognizer_network(recipe.network, recipe.spec)
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if recipe.branches:
            add_branches(self.model)
        self.teacher = Teacher(recipe.distil, recipe.spec) if recipe.distil else None
        self.dev = plates.dev
        self.batch: Callable[[int], Batch] = RecognizerBatches(
            plates.train, recipe.crops, recipe.spec, recipe.schedule
        ).batch

    def start_from(self, model: Model) -> None:
        """Start from a published recognizer's weights.

        Raises :class:`lpr.errors.ModelError` if its file is not ONNX or holds another network, and
        if the recipe's network is not plain.
        """
        file = model.recognizer.file
        if not isinstance(self.model, CtcNet) or model.recognizer.format != "onnx":
            raise ModelError(f"{file}: only plain networks start from a model; give a checkpoint")
        first = self.recipe.schedule.steps
        batches = [self.batch(first + number).images for number in range(_STATISTICS_BATCHES)]
        with plain_kernels(self.model, self.recipe.branches):
            load_fused(self.model, file, torch.cat(batches))

    def start_from_checkpoint(self, file: Path) -> None:
        """Start from the weights of a run's ``best.safetensors``. A narrower ResNet + GRU is
        widened without changing its outputs (:func:`lpr_training.recognizer.net2net.widen`).

        Raises :class:`lpr.errors.ModelError` if it holds another network.
        """
        start = load_recognizer(file)
        if start.spec.classes != self.spec.classes:
            raise ModelError(f"{file}: knows {start.spec.classes} classes, not {self.spec.classes}")
        with plain_kernels(self.model, self.recipe.branches):
            weights = start.network.state_dict()
            if isinstance(self.model, ResNetGruNet) and isinstance(start.network, ResNetGruNet):
                weights = widen(start.network, self.model, self.recipe.schedule.seed)
            try:
                self.model.load_state_dict(weights)
            except RuntimeError as error:
                problem = f"{file}: holds another network than the recipe's: {error}"
                raise ModelError(problem) from error

    def save(self, model: nn.Module, file: Path) -> None:
        # A new network, because fusing a network's branches affects all its deep copies.
        network = recognizer_network(self.recipe.network, self.spec)
        if self.recipe.branches:
            add_branches(network)
        network.load_state_dict(model.state_dict())
        fuse_branches(network)
        save_recognizer(Recognizer(network, self.recipe.network, self.spec), file)

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, float]]:
        out = self.model(batch.images)
        plates = batch.attributes.plate > 0
        scores = out[plates, self.spec.dropped_steps :].log_softmax(2)
        # Label smoothing: KL(uniform || prediction), the mean over all time steps.
        uniform = -scores.mean() - math.log(out.shape[2])
        ctc = self._ctc(scores, batch)
        loss = ctc + self.recipe.smoothing * uniform
        parts = {"ctc": float(ctc.detach())}
        if self.spec.summary:
            attributes, attribute_parts = attribute_loss(out[:, 0], batch.attributes)
            loss = loss + attributes
            parts |= attribute_parts
        if self.teacher:
            distillation = self.teacher.loss(batch.images[plates], scores)
            loss = loss + self.teacher.weight * distillation
            parts["lesson"] = float(distillation.detach())
        return loss, parts

    def _ctc(self, scores: Tensor, batch: Batch) -> Tensor:
        """The CTC loss (Graves et al. 2006); ``scores`` are the ``N x T x C`` log probabilities of
        those crops that show a plate."""
        lengths = batch.lengths[batch.lengths > 0]
        losses = functional.ctc_loss(
            scores.transpose(0, 1),
            batch.texts,
            torch.full_like(lengths, scores.shape[1]),
            lengths,
            blank=self.spec.blank,
            reduction="none",
            zero_infinity=True,
        )
        return (losses / lengths if self.recipe.ctc == "character" else losses).mean()

    def check(self, model: nn.Module, margin: float | None = None) -> dict[str, float]:
        """Read the plates of ``dev`` by their labelled boxes and by jittered ones; ``margin``
        overrides the spec's crop margin."""
        spec = self.spec if margin is None else replace(self.spec, crop_margin=margin)
        reader = CtcReader(TorchRecognizer(model, spec))
        figures: dict[str, float] = {}
        for name, plates in self.dev.items():
            rng = np.random.default_rng(0)
            truth = [plate.text for plate in plates]
            boxes = [frame(plate.quad, tight=True) for plate in plates]
            views = {"": boxes, "_jittered": [jittered(b, rng, _JITTER) for b in boxes]}
            images = [plate.picture.levels[0] for plate in plates]
            for end, moved in views.items():
                crops = [Crop(i, box.quad) for i, box in zip(images, moved, strict=True)]
                texts = [reading.text for reading in reader.read(crops)]
                figures[name + end], figures[f"{name}{end}_cer"] = score_texts(texts, truth)
        keys = [name + end for name in self.dev for end in ("", "_jittered")]
        # The character error rate counts too: early in training, no text is exact.
        figures["score"] = sum(figures[k] - figures[f"{k}_cer"] / 2 for k in keys) / len(keys)
        if self.recipe.keep == "loss":
            figures["dev_loss"] = self.dev_loss(model)
            figures["score"] = -figures["dev_loss"]
        return figures

    @torch.no_grad()
    def dev_loss(self, model: nn.Module) -> float:
        """Return the mean CTC loss on the plates of ``dev``."""
        total = count = 0.0
        sampler = RecognizerBatches({}, self.recipe.crops, self.spec, self.recipe.schedule)
        for plates in self.dev.values():
            for start in range(0, len(plates), _EVAL_BATCH):
                batch = sampler.as_they_are(plates[start : start + _EVAL_BATCH])
                scores = model(batch.images)[:, self.spec.dropped_steps :].log_softmax(2)
                total += float(self._ctc(scores, batch)) * len(batch.images)
                count += len(batch.images)
        return total / max(count, 1)
