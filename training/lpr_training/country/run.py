"""From a country's recipe to its region pack and its model, in steps."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from lpr.errors import LprError
from lpr.labels import table_of
from lpr.models import load_model
from lpr_torch.export import About, export
from lpr_training.country.anchors import fit_anchors
from lpr_training.country.pack import described, write_pack
from lpr_training.country.pictures import write_crops, write_scenes
from lpr_training.country.recipe import CountryRecipe
from lpr_training.country.report import measure, write_report
from lpr_training.country.steps import Step, carry_out
from lpr_training.datasets.sets import check_table
from lpr_training.detector.recipe import detector_of
from lpr_training.engine.loop import BEST
from lpr_training.labelling.files import write_json
from lpr_training.publishing.start_training import Run, train_detector, train_recognizer
from lpr_training.publishing.thresholds import write_best_thresholds
from lpr_training.recipes import based
from lpr_training.recognizer.recipe import recognizer_of
from lpr_training.synth.plates.countries import temporarily_registered
from lpr_training.synth.plates.origin import origin


def train_country(
    recipe: CountryRecipe, folder: Path, out: Path, device: str, say: Callable[[str], None]
) -> None:
    """Make a region pack (``out/region``, unless the region is known without it), a model folder
    (``out/model``) and their ``report.md``. Paths of the recipe are relative to ``folder``.

    Finished steps are skipped, an interrupted training continues; steps whose part of the recipe
    has changed are repeated, with all that depend on them (``out/steps.json``). Raises
    :class:`lpr.errors.LprError` for a recipe that cannot work, before the first step if possible.
    """
    country = described(recipe)
    with temporarily_registered(country) if country else contextlib.nullcontext():
        origin(recipe.code)
        state = carry_out(_Work(recipe, folder, out, device).steps(), out / "steps.json", say)
    figures, anchors = (
        json.loads((out / name).read_text("utf-8")) for name in ("figures.json", "anchors.json")
    )
    names = (recipe.name or recipe.code, recipe.base)
    write_report(out / "report.md", names, figures, anchors, state)


class _Work:
    """The steps, with their inputs from the recipe."""

    def __init__(self, recipe: CountryRecipe, folder: Path, out: Path, device: str) -> None:
        """Raises :class:`lpr.errors.LprError` for an invalid training recipe and for a missing base
        model or set of photographs."""
        self.recipe, self.out, self.device = recipe, out, device
        self.base = load_model(recipe.base)
        self.country = described(recipe)
        self.photos = folder / recipe.photos if recipe.photos else None
        if self.photos:
            check_table(self.photos)
            if self.photos.resolve().is_relative_to(out.resolve()):
                raise LprError(
                    f"{self.photos}: lies in {out}, whose content may be deleted and rebuilt; "
                    "name another --out"
                )
        self.scenes, self.crops, self.cfg = out / "scenes", out / "crops", out / "detector.cfg"
        self.runs = {name: out / name for name in ("detector", "recognizer")}
        self.detector = based(recipe.detector, folder)
        self.recognizer = based(recipe.recognizer, folder)
        self.detector["data"] = self.detector.get("data", {}) | {"region": recipe.code}
        self.recognizer["crops"] = self.recognizer.get("crops", {}) | {"region": recipe.code}
        # The network is always the base model's. Inputs of steps must not depend on file paths.
        self.detector.pop("cfg", None)
        detector_of(self.detector | {"cfg": str(self.base.detector.cfg)}, "[detector]")
        recognizer_of(self.recognizer, "[recognizer]")

    def steps(self) -> list[Step]:
        recipe, out, runs = self.recipe, self.out, self.runs
        begins = [self.base.name, self.base.version]
        drawn = origin(recipe.code).country
        formats = [asdict(form) for form in drawn.region.formats] if drawn else []
        styles = [asdict(style) for style in drawn.styles] if drawn else []
        labels = table_of(self.photos).read_text("utf-8-sig") if self.photos else None
        pack = (out / "region",) if self.country else ()
        return [
            Step("region", [recipe.code, recipe.name, formats, styles], (), pack, self.region),
            Step("pictures", [asdict(recipe.rendered), recipe.photos, labels], ("region",),
                 (self.scenes, self.crops), self.pictures),
            Step("anchors", begins, ("pictures",), (self.cfg, out / "anchors.json"), self.anchors),
            Step("detector", [begins, self.detector], ("anchors",), (runs["detector"],),
                 self.train_detector, resumes=True),
            Step("recognizer", [begins, self.recognizer], ("pictures",), (runs["recognizer"],),
                 self.train_recognizer, resumes=True),
            Step("model", begins, ("detector", "recognizer"), (out / "model",), self.model),
            Step("comparison", begins, ("model",), (out / "figures.json",), self.comparison),
        ]  # fmt: skip

    def region(self, _: bool) -> None:
        if self.country:
            write_pack(self.country, self.out / "region")

    def pictures(self, _: bool) -> None:
        source = self.recipe.code, self.recipe.rendered, self.photos
        write_scenes(self.scenes, *source)
        write_crops(self.crops, *source)

    def anchors(self, _: bool) -> None:
        fit = fit_anchors(self.scenes, self.base.detector.cfg, self.cfg, self.recipe.rendered.seed)
        write_json(self.out / "anchors.json", fit)

    def train_detector(self, resume: bool) -> None:
        recipe, cfg = detector_of(self.detector | {"cfg": str(self.cfg)}, "[detector]")
        train_detector(recipe, cfg, self._run(self.scenes, "detector", resume))

    def train_recognizer(self, resume: bool) -> None:
        recipe = recognizer_of(self.recognizer, "[recognizer]")
        train_recognizer(recipe, self._run(self.crops, "recognizer", resume))

    def _run(self, data: Path, network: str, resume: bool) -> Run:
        return Run(data, self.runs[network], self.base, resume, self.device)

    def model(self, _: bool) -> None:
        base, code, out = self.base, self.recipe.code, self.out / "model"
        about = About(
            f"{code}-{base.name}",
            description=f"Plates of the region {code}, made of {base.name} {base.version}.",
            licence=base.licence,
            regions=(code,),
            thresholds={"grammar_odds": base.recognizer.grammar_odds},
        )
        export([run / BEST for run in self.runs.values()], out, about)
        write_best_thresholds(out, self.scenes)

    def comparison(self, _: bool) -> None:
        models = {"before": self.recipe.base, "after": str(self.out / "model")}
        sets = self.recipe.code, self.scenes, self.crops, self.recipe.rendered
        figures = {when: measure(name, *sets) for when, name in models.items()}
        write_json(self.out / "figures.json", figures)
