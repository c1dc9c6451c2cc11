"""Films of a road, and what is true of them."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import CliRunner

import lpr
from lpr.errors import OutputError
from lpr.evaluate.tracking import read_truth, score
from lpr.sightings import Sighting
from lpr.utils.toml import RecipeError
from lpr_training.cli.train import data
from lpr_training.recipes import FOLDER
from lpr_training.synth.film import Film, SeenPlate, write_film
from lpr_training.synth.traffic import FilmRecipe, Lane, Light, Parked, Post, film_recipe, ways

SMALL = FilmRecipe(
    seed=3,
    seconds=2.0,
    fps=10,
    width=640,
    height=384,
    lanes=(Lane(-1.2, "towards", 6, 2), Lane(1.6, "away", 5, 2, ("scooter", "car"))),
)


def test_the_same_recipe_gives_the_same_film() -> None:
    once, again = (list(Film(SMALL)) for _ in range(2))
    assert len(once) == 20
    for a, b in zip(once, again, strict=True):
        assert a.plates == b.plates
        assert np.array_equal(a.image, b.image)


def test_another_seed_gives_another_one() -> None:
    other = FilmRecipe(**{**vars_of(SMALL), "seed": 4})
    assert Film(SMALL).texts != Film(other).texts


def vars_of(recipe: FilmRecipe) -> dict[str, object]:
    return {name: getattr(recipe, name) for name in FilmRecipe.__dataclass_fields__}


def test_what_comes_nearer_grows_and_what_drives_away_shrinks() -> None:
    places: dict[int, list[SeenPlate]] = {}
    for frame in Film(SMALL):
        for plate in frame.plates:
            places.setdefault(plate.who, []).append(plate)
    growing = [seen[-1].box.width > seen[0].box.width for seen in places.values() if len(seen) > 5]
    assert any(growing)
    assert not all(growing)


def test_the_truth_is_where_the_plate_is() -> None:
    film = Film(SMALL)
    without = Film(FilmRecipe(**{**vars_of(SMALL), "lanes": ()}))
    for frame, empty in zip(film, without, strict=True):
        for plate in frame.plates:
            if plate.visible < 1:
                continue
            x0, y0, x1, y1 = map(round, plate.box)
            change = np.abs(frame.image[y0:y1, x0:x1].astype(int) - empty.image[y0:y1, x0:x1])
            assert change.mean() > 15


def test_posts_and_nearer_vehicles_hide_plates() -> None:
    post = FilmRecipe(**{**vars_of(SMALL), "posts": (Post(0.6, 0.15),)})
    free, hidden = (
        [plate.visible for frame in Film(recipe) for plate in frame.plates]
        for recipe in (SMALL, post)
    )
    assert sum(hidden) < sum(free)
    assert all(0 < visible <= 1 for visible in hidden)


def test_light_makes_it_darker() -> None:
    night = FilmRecipe(**{**vars_of(SMALL), "light": Light(street=0.2, plates=0.3, lamps=1)})
    day_picture, night_picture = (next(iter(Film(recipe))).image for recipe in (SMALL, night))
    assert night_picture.mean() < 0.5 * day_picture.mean()


def test_nobody_drives_through_another() -> None:
    recipe = FilmRecipe(
        seed=5,
        lanes=(Lane(0, "towards", 9, 0.5), Lane(0.2, "away", 9, 0.5)),
        parked=(Parked(0, 9),),
    )
    found = ways(recipe)
    assert len(found) > 3
    for number, way in enumerate(found):
        for other in found[number + 1 :]:
            for time in np.arange(0, 60, 0.25):
                a, b = way.at(time), other.at(time)
                assert a is None or b is None or abs(a - b) > 3.5


def test_a_film_and_its_truth_are_written(tmp_path: Path) -> None:
    file = tmp_path / "road.mp4"
    write_film(SMALL, file)
    truth = json.loads(file.with_suffix(".json").read_text())
    assert truth["video"] == {
        "file": "road.mp4", "fps": 10, "width": 640, "height": 384, "frames": 20,
    }  # fmt: skip
    with av.open(str(file)) as video:
        stream = video.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert len(list(video.decode(stream))) == 20
    assert truth["passes"]
    for each in truth["passes"]:
        assert each["legible"] <= len(each["boxes"])


def test_where_it_cannot_be_written_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write_film(SMALL, tmp_path / "none" / "road.mp4")


@pytest.mark.parametrize("file", sorted(FOLDER.glob("film-*.toml")), ids=lambda file: file.stem)
def test_the_published_recipes_are_whole(file: Path) -> None:
    recipe = film_recipe(file.stem)
    assert (recipe.width, recipe.height, recipe.seconds) == (1920, 1080, 60)
    assert ways(recipe)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seed = 1\n[[lanes]]\nx = 0\nspeed = 3\nevery = 2\ndirection = 'up'", "towards or away"),
        ("seed = 1\n[[lanes]]\nx = 0", "direction"),
        ("seed = 1\nlanes = 3", "list of tables"),
        ("seed = 1\nwidth = 641", "even"),
        ("seed = 1\nfog = 1", "unknown fog"),
    ],
)
def test_a_recipe_with_a_mistake_names_it(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(RecipeError, match=said):
        film_recipe(str(tmp_path / "mine.toml"))


def test_the_command(tmp_path: Path) -> None:
    recipe = tmp_path / "mine.toml"
    recipe.write_text(
        "seed = 1\nseconds = 0.5\nfps = 10\nwidth = 320\nheight = 192\n"
        '[[lanes]]\nx = 0\nspeed = 3\nevery = 2\ndirection = "towards"\n'
    )
    out = tmp_path / "mine.mp4"
    done = CliRunner().invoke(data, ["synth", "--video", str(recipe), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert out.exists()
    assert out.with_suffix(".json").exists()
    wrong = CliRunner().invoke(data, ["synth", "--video", str(recipe)])
    assert wrong.exit_code == 2
    assert "--out" in wrong.output


@pytest.mark.parametrize("name", ["film-02-street", "film-05-posts"])
def test_every_vehicle_of_a_film_is_read_once(name: str, tmp_path: Path) -> None:
    """Other films than those of docs/video.md: by another seed, and shorter."""
    file = tmp_path / "film.mp4"
    write_film(film_recipe(name, ["seed=77", "seconds=7", "width=1280", "height=720"]), file)
    truth = read_truth(file.with_suffix(".json"))
    got = score(truth, [s for s in lpr.watch(str(file)) if isinstance(s, Sighting)])
    assert got.passes >= 2
    # A blurred plate may be misread; never is one reported twice, or not at all.
    assert got.right >= got.passes - 1, got.mistakes
    assert (got.duplicates, got.missed) == (0, 0)
    assert got.wrong <= 1


def test_what_counts_against_a_watch(tmp_path: Path) -> None:
    file = tmp_path / "film.mp4"
    write_film(SMALL, file)
    truth = read_truth(file.with_suffix(".json"))
    legible = [each for each in truth.passes if each.legible >= 10]
    assert legible
    nothing = score(truth, [])
    assert (nothing.passes, nothing.missed, nothing.right) == (len(legible), len(legible), 0)
    perfect = [
        (frame, number, box)
        for number, each in enumerate(truth.passes)
        for frame, (box, _) in each.boxes.items()
    ]
    assert score(truth, [], perfect).idf1 == 1
    swapped = [(f, track if f < 10 else track + 100, box) for f, track, box in perfect]
    assert 0.3 < score(truth, [], swapped).idf1 < 1
    assert (nothing + nothing).passes == 2 * nothing.passes


def test_a_truth_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "film.json").write_text("{}")
    with pytest.raises(lpr.SourceError, match="truth"):
        read_truth(tmp_path / "film.json")
