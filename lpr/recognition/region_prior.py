"""How likely a text is, given the region that its plate looks like."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from lpr.regions import Region
from lpr.specs.plate_attributes import REGION, REGIONS
from lpr.types import Float32
from lpr.utils.activations import softmax

WEIGHT = 0.75
"""Exponent of a region's probability beside the text's. Below 1, since the network reads the text
from the same pixels."""

FLOOR = 0.02
"""The least probability of a region: networks are sometimes certain of a wrong one."""


class RegionPrior:
    """Weighs texts by the regions whose formats they fit.

    The prior of a text is the probability of the likeliest of ``regions`` that it fits, at least
    :data:`FLOOR`, to the power :data:`WEIGHT`; a text that fits none has the floor's. A region
    unknown to the network (:data:`lpr.specs.plate_attributes.REGIONS`) has the probability of all
    others. With fewer than two regions there is nothing to weigh.
    """

    def __init__(self, regions: Iterable[Region]) -> None:
        self.regions = tuple(regions)

    def __bool__(self) -> bool:
        return len(self.regions) > 1

    def probabilities(self, summaries: Float32) -> NDArray[np.float64]:
        """The probability of each of ``regions``, ``N x R``, by the summaries (``N x C``)."""
        shares = np.stack([softmax(row[REGION].astype(np.float64)) for row in summaries])
        others = REGIONS.index("")
        columns = [REGIONS.index(r.code) if r.code in REGIONS else others for r in self.regions]
        return shares[:, columns]

    def log_prior(self, text: str, probabilities: Sequence[float]) -> float:
        """The natural logarithm of the prior of ``text``, by a row of :meth:`probabilities`."""
        fitting = (
            share
            for share, region in zip(probabilities, self.regions, strict=True)
            if region.match(text)
        )
        return WEIGHT * math.log(max(max(fitting, default=0.0), FLOOR))

    def contradicts(self, text: str, probabilities: Sequence[float]) -> bool:
        """Whether a region that ``text`` does not fit is the likeliest."""
        best = WEIGHT * math.log(max(max(probabilities), FLOOR))
        return self.log_prior(text, probabilities) < best
