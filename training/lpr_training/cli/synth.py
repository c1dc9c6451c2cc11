"""``lpr data synth`` and ``lpr data sample``: rendered plates, streets and videos."""

from __future__ import annotations

from pathlib import Path

import click

from lpr_training.cli.options import FOLDER, OUT_FILE


@click.command()
@click.option("--preview", type=OUT_FILE, help="Write one picture that shows many plates.")
@click.option(
    "--crops",
    type=FOLDER,
    help="Write the recipe's plates to this folder, with a labels.csv that lpr eval reads.",
)
@click.option(
    "--video",
    metavar="RECIPE",
    help="Render the video of this recipe into --out, with its ground truth as .json beside it.",
)
@click.option("--out", type=OUT_FILE, help="The .mp4 of --video.")
@click.option("--recipe", default="kept-out", show_default=True, help="The recipe of --crops.")
@click.option(
    "--count", type=click.IntRange(1), help="Number of plates; default: 60, or the recipe's."
)
@click.option("--seed", type=click.IntRange(0), help="Default: 1, or the recipe's.")
@click.option("--region", help="Region of the plates, such as tw; default: tw, or the recipe's.")
def synth(
    preview: Path | None,
    crops: Path | None,
    video: str | None,
    out: Path | None,
    recipe: str,
    count: int | None,
    seed: int | None,
    region: str | None,
) -> None:
    """Render plates with a small margin, or a video of a road."""
    from lpr_training.datasets.rendered import kept_out_recipe
    from lpr_training.datasets.write_rendered import write_crops, write_preview
    from lpr_training.synth.video.recipe import video_recipe

    if sum(output is not None for output in (preview, crops, video)) != 1:
        raise click.UsageError("give one of --preview FILE, --crops FOLDER and --video RECIPE")
    if (video is None) != (out is None):
        raise click.UsageError("--video RECIPE and --out FILE.mp4 belong together")
    if video is not None and out is not None:
        from lpr_training.synth.video.render import write_video

        write_video(video_recipe(video, [] if seed is None else [f"seed={seed}"]), out)
    if preview is not None:
        write_preview(preview, count or 60, 1 if seed is None else seed, region or "tw")
    if crops is not None:
        given = {"count": count, "seed": seed, "region": region and f"'{region}'"}
        changes = [f"{name}={value}" for name, value in given.items() if value is not None]
        write_crops(crops, kept_out_recipe(recipe, changes))


@click.command()
@click.argument("folder", type=FOLDER)
@click.option("--count", default=100, show_default=True, type=click.IntRange(1))
@click.option("--seed", default=1, show_default=True)
def sample(folder: Path, count: int, seed: int) -> None:
    """Write rendered street scenes to FOLDER, with a labels.csv that lpr eval reads."""
    from lpr_training.datasets.write_rendered import write_scenes

    write_scenes(folder, count, seed)
