"""A new country by one recipe: what it makes, what it passes over, what it does anew."""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

torch = pytest.importorskip("torch")

from lpr.errors import LprError, OutputError  # noqa: E402
from lpr.labels import read_labels  # noqa: E402
from lpr.loading import registry  # noqa: E402
from lpr.models import load_model  # noqa: E402
from lpr.testing import check_region  # noqa: E402
from lpr.utils.files import write_atomically  # noqa: E402
from lpr.utils.toml import RecipeError  # noqa: E402
from lpr_training.cli.train import train  # noqa: E402
from lpr_training.country.pack import described, write_pack  # noqa: E402
from lpr_training.country.recipe import country_recipe  # noqa: E402
from lpr_training.country.steps import Step, carry_out  # noqa: E402
from lpr_training.datasets.rendered import HeldOut  # noqa: E402
from lpr_training.datasets.write_rendered import write_crops  # noqa: E402
from lpr_training.engine import loop  # noqa: E402
from lpr_training.recipes import FOLDER  # noqa: E402
from lpr_training.synth.plates.countries import country, temporarily_registered  # noqa: E402

RECIPE = """
code = "ut"
name = "Utopia"
photos = "photos"

[[formats]]
pattern = "AA 99"
description = "cars"
letters = "XYZ"

[[styles]]
name = "car"
sizes = [[520, 110]]
formats = ["AA 99"]
plate = [40, 196, 238]
blossoms = false

[rendered]
scenes = [6, 4, 4]
crops = [12, 4, 4]
memory = 2

[detector]
based_on = "tw-light-detector-continued"
branches = false
sizes = [[0, 128]]
[detector.schedule]
steps = 2
batch = 2
check_every = 1
threads = 1
[detector.data]
rendered = 0.0

[recognizer]
based_on = "site-tw-light"
rendered_check = 4
[recognizer.schedule]
steps = 2
batch = 2
check_every = 2
threads = 1
[recognizer.crops]
rendered = 4
rendered_abroad = 2
rendered_others = 2
"""


CAR = "sizes=[[520, 110]], formats=['AA-9999']"
"""What every style in these tests has."""


def make(recipe: Path, out: Path, *changes: str) -> Result:
    options = [word for change in changes for word in ("--set", change)]
    return CliRunner().invoke(train, ["country", str(recipe), "--out", str(out), *options])


def steps_done(result: Result) -> list[str]:
    """The steps that were not passed over."""
    said = [line for line in result.stderr.splitlines() if line.startswith("lpr: [")]
    return [line.split("] ")[1].split(":")[0] for line in said if "done before" not in line]


class Killed(BaseException):
    """As a signal ends a run: nothing in between takes it for an error."""


def test_a_country_from_end_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed in the middle of a training, gone on with, run again, and run with a change."""
    (tmp_path / "recipe.toml").write_text(RECIPE)
    write_crops(tmp_path / "photos", HeldOut(20, 5, region="br"))
    recipe, out = tmp_path / "recipe.toml", tmp_path / "out"

    with monkeypatch.context() as patch:

        @contextlib.contextmanager
        def killed(file: Path) -> Iterator[Path]:
            with write_atomically(file) as part:
                yield part
            raise Killed

        patch.setattr(loop, "write_atomically", killed)
        with pytest.raises(Killed):
            make(recipe, out)
    assert torch.load(out / "detector" / "last.pt")["state"]["step"] == 1
    before = (out / "scenes" / "images" / "train-00000.jpg").stat().st_mtime_ns

    result = make(recipe, out)
    assert result.exit_code == 0, result.output + repr(result.exception)
    lines = (out / "detector" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 2]
    assert "[4/7] detector: continues where it was interrupted" in result.stderr
    assert steps_done(result) == ["detector", "recognizer", "model", "comparison"]
    assert (out / "scenes" / "images" / "train-00000.jpg").stat().st_mtime_ns == before

    assert f"pip install {out / 'region'}" in result.stdout
    assert f"lpr detect --model {out / 'model'} --region ut car.jpg" in result.stdout
    assert load_model(str(out / "model")).regions == ("ut",)
    rendered = [p for p in read_labels(out / "crops") if not p.path.name.startswith("photo-")]
    assert len(rendered) == 20
    for each in rendered:
        (plate,) = each.plates
        assert plate.text
        assert set(plate.text[:2]) <= set("XYZ")
        assert plate.text[2:].isdigit()
    # Photographs are trained on from where they are; single plates are cut out of them.
    scenes = read_labels(out / "scenes", "train")
    assert sum(p.path.parent.parent.name == "photos" for p in scenes) == 16
    assert sum(p.path.name.startswith("photo-") for p in read_labels(out / "crops", "dev")) == 4
    report = (out / "report.md").read_text()
    assert "| Taiwan's rendered plates read exactly" in report
    assert "Anchors: an average IoU of" in report
    # Nothing of it is left behind in this process.
    assert "ut" not in registry().regions
    with pytest.raises(LprError, match="no region 'ut'"):
        country("ut")

    assert steps_done(make(recipe, out)) == []
    again = make(recipe, out, "recognizer.schedule.steps=1")
    assert steps_done(again) == ["recognizer", "model", "comparison"]
    assert "recognizer: repeated, since its inputs have changed" in again.stderr


@pytest.fixture
def imported(tmp_path: Path) -> Iterator[Callable[[str], Any]]:
    """Imports modules of ``tmp_path``, and forgets them."""
    sys.path.insert(0, str(tmp_path))
    names: list[str] = []

    def module(name: str) -> Any:
        names.append(name)
        return importlib.import_module(name)

    yield module
    sys.path.remove(str(tmp_path))
    for name in names:
        del sys.modules[name]


def test_the_region_pack_says_what_the_recipe_says(
    tmp_path: Path, imported: Callable[[str], Any]
) -> None:
    recipe, _ = country_recipe("country-example")
    ruritania = described(recipe)
    assert ruritania
    write_pack(ruritania, tmp_path)
    (region,) = imported("lpr_region_rt").lpr_regions()
    check_region(region)
    assert region == ruritania.region
    assert recipe.styles == imported("lpr_region_rt_styles").STYLES
    assert 'rt = "lpr_region_rt_styles:STYLES"' in (tmp_path / "pyproject.toml").read_text()


def test_a_country_is_lent_for_a_while() -> None:
    ruritania = described(country_recipe("country-example")[0])
    assert ruritania
    with temporarily_registered(ruritania):
        assert country("rt") is ruritania
        assert registry().region("rt") is ruritania.region
    assert "rt" not in registry().regions


def test_a_code_alone_takes_the_region_that_is_known() -> None:
    recipe, _ = country_recipe("country-example", ["code='vn'", "formats=[]", "styles=[]"])
    assert described(recipe) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (["code='R T'"], "code 'R T': use 2 to 8 of a-z"),
        (["styles=[]"], "give formats and styles, or neither"),
        (["formats=[{pattern='9', description='x'}]"], "style car: rt has no format AA 999 AA"),
        (["rendered.scenes=[1, 2]"], r"scenes has to be a list of 3, not \[1, 2\]"),
        (["detector={}"], r"\[detector\] needs based_on, the name of a recipe"),
        (["detector.schedul.steps=4"], r"unknown schedul"),
        (["code='tw'"], "'tw' is Taiwan here, with other formats"),
        (["photos='nowhere'"], "nowhere: holds no labels.csv; make one"),
        (["code='xx'", "formats=[]", "styles=[]"], "no region 'xx'"),
        (["code='any'"], "code 'any': stands for all regions"),
        (["code=5"], "code has to be a text in quotes, not 5"),
        (["rendered.seed=-1"], "seed at least 0"),
        (["rendered.crops=[1, 0, 2]"], "crops are three numbers above 0"),
        (["rendered.memory=0"], "memory has to be above 0"),
        (["rendered.memory=1.5"], "memory has to be a whole number, not 1.5"),
        (
            ["styles=[{name='a', sizes=[520, 110], formats=['AA-9999']}]"],
            "has to be a list, not 520",
        ),
        (["styles=[{name='a', sizes=[[520]], formats=['AA-9999']}]"], "to be a list of 2"),
        (
            ["styles=[{name='a', sizes=[[0, 110]], formats=['AA-9999']}]"],
            "widths and heights above 0",
        ),
        ([f"styles=[{{name='a', plate=[1, 2, 999], {CAR}}}]"], "999.* is not a colour"),
        ([f"styles=[{{name='a', plate=['a', 2, 9], {CAR}}}]"], "has to be a whole number, not 'a'"),
        ([f"styles=[{{name='a', share=-6, {CAR}}}]"], "share has to be above 0"),
        (["formats=[{pattern='AA 99', description='x', letters='abc'}]"], "letters 'abc'; use A-Z"),
        (["formats=[{pattern='aa 99', description='x'}]"], "A stands for a letter, 9 for a digit"),
    ],
)
def test_what_cannot_work_is_known_before_the_first_step(
    changes: list[str], words: str, tmp_path: Path
) -> None:
    result = make(FOLDER / "country-example.toml", tmp_path / "out", *changes)
    assert isinstance(result.exception, LprError), result.output
    with pytest.raises(LprError, match=words):
        raise result.exception
    assert not (tmp_path / "out").exists()


def test_what_somebody_else_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "crops").mkdir()
    (tmp_path / "crops" / "labels.csv").write_text("by hand")
    result = make(FOLDER / "country-example.toml", tmp_path)
    with pytest.raises(OutputError, match="crops: exists, but was not made by this command"):
        raise result.exception or AssertionError
    assert (tmp_path / "crops" / "labels.csv").read_text() == "by hand"
    assert [path.name for path in tmp_path.iterdir()] == ["crops"]


def test_photographs_are_not_made_anew(tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(RECIPE)
    write_crops(tmp_path / "photos", HeldOut(4, 5, region="br"))
    result = make(tmp_path / "recipe.toml", tmp_path)
    with pytest.raises(LprError, match=r"photos: lies in .*name another --out"):
        raise result.exception or AssertionError


@pytest.mark.parametrize("content", ["{", "[]", '{"a": 1}', '{"a": {"done": true}}'])
def test_a_damaged_state_is_named(content: str, tmp_path: Path) -> None:
    file = tmp_path / "steps.json"
    file.write_text(content)
    with pytest.raises(LprError, match=r"steps.json: does not say which steps are done"):
        carry_out([], file, print)


def test_a_recipe_needs_its_trainings() -> None:
    with pytest.raises(RecipeError, match=r"country-example: unknown colour"):
        country_recipe("country-example", ["colour=1"])


def test_steps_are_done_anew_where_something_is_missing(tmp_path: Path) -> None:
    done: list[tuple[str, bool]] = []

    def step(name: str, inputs: Any = 1, after: tuple[str, ...] = (), fails: bool = False,
             resumes: bool = False) -> Step:  # fmt: skip
        def work(goes_on: bool) -> None:
            done.append((name, goes_on))
            (tmp_path / name).write_text(name)
            if fails:
                raise KeyboardInterrupt

        return Step(name, inputs, after, (tmp_path / name,), work, resumes)

    def carried(*steps: Step) -> list[tuple[str, bool]]:
        done.clear()
        try:
            carry_out(steps, tmp_path / "steps.json", lambda _: None)
        except KeyboardInterrupt:
            done.append(("killed", True))
        return list(done)

    a, b, c = step("a"), step("b", after=("a",)), step("c", after=("a",))
    assert carried(a, b, c) == [("a", False), ("b", False), ("c", False)]
    assert carried(a, b, c) == []
    (tmp_path / "b").unlink()
    assert carried(a, b, c) == [("b", False)]
    assert carried(step("a", 2), b, c) == [("a", False), ("b", False), ("c", False)]
    slow = step("c", 3, ("a",), fails=True, resumes=True)
    assert carried(step("a", 2), b, slow) == [("c", False), ("killed", True)]
    assert carried(step("a", 2), b, step("c", 3, ("a",), resumes=True)) == [("c", True)]
    assert json.loads((tmp_path / "steps.json").read_text())["c"]["done"]
