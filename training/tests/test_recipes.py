from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from lpr.utils.toml import RecipeError
from lpr_training.detector.recipe import detector_recipe
from lpr_training.recognizer.recipe import recognizer_recipe


@pytest.mark.parametrize("name", ["tw-light-detector", "tw-light-detector-continued"])
def test_the_shipped_detector_is_light_enough(name: str) -> None:
    recipe, cfg = detector_recipe(name)
    assert cfg.bflops(cfg.net.width, cfg.net.height) <= 1.5
    for step in (0, 1, recipe.schedule.steps):
        width, height = recipe.size_at(step)
        assert width % cfg.stride == height % cfg.stride == 0
        assert width * height <= recipe.sizes[-1][1] ** 2


@pytest.mark.parametrize("name", ["tw-light-recognizer", "tw-light-recognizer-continued"])
def test_the_shipped_recognizers_recipes_are_sound(name: str) -> None:
    recipe = recognizer_recipe(name)
    assert recipe.spec.classes == 37
    assert recipe.crops.mixed < recipe.schedule.steps


def test_single_values_can_be_changed() -> None:
    changes = ["schedule.steps=7", "layout.mosaic = 0.25", "sizes=[[0, 64]]"]
    recipe, _ = detector_recipe("tw-light-detector", changes)
    assert recipe.schedule.steps == 7
    assert recipe.layout.mosaic == 0.25
    assert recipe.sizes == ((0, 64),)
    assert recipe.schedule.batch == detector_recipe("tw-light-detector")[0].schedule.batch


def test_a_recipe_may_lie_anywhere(tmp_path: Path) -> None:
    source = Path(__file__).parents[1] / "lpr_training" / "recipes"
    (tmp_path / "mine.cfg").write_text((source / "tw-light-detector.cfg").read_text())
    (tmp_path / "mine.toml").write_text('cfg = "mine.cfg"\n[schedule]\nsteps = 3\n')
    recipe, cfg = detector_recipe(str(tmp_path / "mine.toml"))
    assert recipe.schedule.steps == 3
    assert len(cfg.heads) == 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (["schedule.stepz=7"], "stepz.*known are.*steps"),
        (["colour=1"], "unknown colour"),
        (["schedule.steps"], "KEY=VALUE"),
        (["schedule.steps=many"], "KEY=VALUE"),
    ],
)
def test_mistakes_in_changes_are_named(changes: list[str], words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        recognizer_recipe("tw-light-recognizer", changes)


def test_an_unknown_recipe_names_the_known_ones() -> None:
    with pytest.raises(RecipeError, match="tw-light-recognizer"):
        recognizer_recipe("tw-heavy")


def test_a_recipe_without_its_schedule_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty.toml").write_text("")
    with pytest.raises(RecipeError, match="schedule"):
        detector_recipe(str(tmp_path / "empty.toml"))


def test_a_recipe_may_be_based_on_another(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('based_on = "tw-light-recognizer"\n[schedule]\nsteps = 9\n')
    usual, changed = (
        recognizer_recipe("tw-light-recognizer"),
        recognizer_recipe(str(tmp_path / "a.toml")),
    )
    assert changed.schedule.steps == 9
    assert changed.schedule.batch == usual.schedule.batch
    assert changed.crops == usual.crops
    (tmp_path / "b.toml").write_text(f'based_on = "{tmp_path / "b.toml"}"')
    with pytest.raises(RecipeError, match="based on itself"):
        recognizer_recipe(str(tmp_path / "b.toml"))


def test_a_recipe_of_ones_own_names_files_beside_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Path(__file__).parents[1] / "lpr_training" / "recipes" / "tw-light-detector.cfg"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "my.cfg").write_text(source.read_text().replace("width=384", "width=96"))
    (tmp_path / "mine" / "a.toml").write_text('based_on = "tw-light-detector"\ncfg = "my.cfg"\n')
    (tmp_path / "b.toml").write_text('based_on = "mine/a.toml"\n[schedule]\nsteps = 5\n')
    (tmp_path / "c.toml").write_text('based_on = "tw-light-detector"\n')
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    for name in (str(tmp_path / "mine" / "a.toml"), "../mine/a.toml", "../b.toml"):
        assert detector_recipe(name)[1].net.width == 96
    assert detector_recipe("../b.toml")[0].schedule.steps == 5
    assert detector_recipe("../c.toml")[1].net.width == 384
    # A change is given on the command line: its path is relative to where that stands.
    for change in ("cfg=../mine/my.cfg", "cfg='../mine/my.cfg'"):
        assert detector_recipe("../c.toml", [change])[1].net.width == 96


def test_old_names_of_a_schedules_keys_are_still_read(tmp_path: Path) -> None:
    """In a recipe upon a shipped one, and in a change; the later one counts."""
    old = tmp_path / "mine.toml"
    old.write_text(
        'based_on = "seed-yolov3"\n[schedule]\nepoch = 7\naverage = 0.5\nclip = 2.0\ndecay = 0.1\n'
        'after = { policy = "cosine" }\n'
    )
    with pytest.warns(FutureWarning, match=r"schedule\.epoch is now schedule\.check_every"):
        recipe, _ = detector_recipe(str(old), ["schedule.average=0.6", "schedule.after.final=0.1"])
    schedule = recipe.schedule
    assert (schedule.check_every, schedule.ema_decay) == (7, 0.6)
    assert (schedule.grad_clip, schedule.weight_decay) == (2.0, 0.1)
    assert (schedule.lr_schedule.policy, schedule.lr_schedule.final) == ("cosine", 0.1)
    with pytest.warns(FutureWarning):
        new, _ = detector_recipe(str(old), ["schedule.check_every=9"])
    assert new.schedule.check_every == 9
