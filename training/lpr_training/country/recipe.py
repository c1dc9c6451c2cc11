"""The recipe of a country's model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lpr.regions import Format
from lpr.utils.toml import RecipeError, build
from lpr_training.labelling.formats import SPLITS
from lpr_training.recipes import locate, read
from lpr_training.synth.styles import Style


@dataclass(frozen=True, slots=True)
class Rendered:
    """The numbers of rendered streets (``scenes``) and single plates (``crops``) for train, dev and
    val; ``memory`` is that of Taiwan's plates, read before and after to measure forgetting."""

    scenes: tuple[int, int, int] = (300, 60, 100)
    crops: tuple[int, int, int] = (2000, 200, 500)
    memory: int = 300
    seed: int = 1

    def __post_init__(self) -> None:
        for name in ("scenes", "crops"):
            counts = getattr(self, name)
            if len(counts) != len(SPLITS) or min(counts) < 1:
                raise ValueError(f"{name} are three numbers above 0, for {', '.join(SPLITS)}")
        if self.memory < 1 or self.seed < 0:
            raise ValueError("memory has to be above 0, and seed at least 0")


@dataclass(frozen=True, slots=True)
class CountryRecipe:
    """``code`` and ``name`` of the region; its ``formats`` (:class:`lpr.regions.Format`) and
    ``styles`` (:class:`lpr_training.synth.styles.Style`). Without formats, ``code`` names a region
    of lpr or of an installed pack that has styles.

    Both networks start from the model ``base`` and are trained by the recipes ``detector`` and
    ``recognizer`` (each ``based_on`` another, with changes). ``photos`` is a labelled set of the
    user's, for training and measuring beside the rendered pictures.
    """

    code: str
    detector: dict[str, Any]
    recognizer: dict[str, Any]
    name: str = ""
    formats: tuple[Format, ...] = ()
    styles: tuple[Style, ...] = ()
    base: str = "tw-light"
    photos: str | None = None
    rendered: Rendered = field(default_factory=Rendered)

    def __post_init__(self) -> None:
        if bool(self.formats) != bool(self.styles):
            raise ValueError("give formats and styles, or neither and the code of a known region")
        if self.formats and not self.name:
            raise ValueError("a region with formats needs a name")


def country_recipe(name: str, changes: Sequence[str] = ()) -> tuple[CountryRecipe, Path]:
    """A country's recipe, and the folder that its paths are relative to.

    Raises :class:`lpr.utils.toml.RecipeError`.
    """
    file = locate(name)
    recipe = build(CountryRecipe, read(name, changes), name)
    for part in ("detector", "recognizer"):
        if not getattr(recipe, part).get("based_on"):
            raise RecipeError(f"{file}: [{part}] needs based_on, the name of a recipe")
    return recipe, file.parent
