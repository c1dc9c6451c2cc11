"""The pages: links, names, code blocks, and the site built from them."""

from __future__ import annotations

import importlib
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import cv2
import pytest
from sybil import Document

import lpr
from lpr.plugins.builtin import lpr_commands
from lpr.utils.toml import parse_toml
from tests.pages import PAGES
from tests.pages.blocks import PARSERS
from tests.pages.folder import REPOSITORY
from tests.pages.shown import PAGES as SHOWING
from tests.pages.shown import numbers, shown_in, words
from tests.test_architecture import LAYERS

DOCS = REPOSITORY / "docs"
BLOCKS = (REPOSITORY / "README.md", *sorted(DOCS.rglob("*.md")))
LINKING = (
    *BLOCKS,
    REPOSITORY / "CONTRIBUTING.md",
    *sorted(REPOSITORY.glob("plugins/*/README.md")),
)
MODULES = (
    "lpr", "lpr.protocols", "lpr.specs", "lpr.models", "lpr.recognition.rectify", "lpr.regions",
    "lpr.testing", "lpr.recognition.voting", "lpr.kernels", "lpr.errors", "lpr.types",
)  # fmt: skip

_FENCED = re.compile(r"^(`{3,}).*?^\1\n", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_OBJECT = re.compile(r"^::: ([\w.]+)$", re.MULTILINE)
_PACKAGE = re.compile(r"^\| (\d+) \| `(\w+)` \|", re.MULTILINE)
_PATH = re.compile(r"`((?:lpr|csrc|plugins|training|tests|benchmarks)/[\w.*/-]+)`")


def relative(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


# Docstrings.


def public(module: ModuleType) -> Iterator[tuple[str, object]]:
    """The public classes and functions of a module, by name."""
    listed = getattr(module, "__all__", None)
    for name in listed or [name for name in vars(module) if name[0] != "_"]:
        thing = getattr(module, name)
        at_home = listed is not None or getattr(thing, "__module__", None) == module.__name__
        if at_home and (inspect.isclass(thing) or inspect.isroutine(thing)):
            yield name, thing


def members(thing: type) -> Iterator[tuple[str, object]]:
    """The public methods and properties that a class defines itself."""
    for name, value in vars(thing).items():
        plain = getattr(value, "__func__", value)
        if name[0] != "_" and (inspect.isfunction(plain) or isinstance(plain, property)):
            yield name, plain


def is_described(name: str, thing: object) -> bool:
    """Whether it has a written docstring; that of dataclasses is their signature."""
    text = inspect.cleandoc(thing.__doc__ or "")
    return bool(text) and not text.startswith(f"{name}(")


def undescribed(module: ModuleType) -> Iterator[str]:
    for name, thing in public(module):
        if not is_described(name, thing):
            yield name
        for member, value in members(thing) if isinstance(thing, type) else ():
            if not is_described(member, value):
                yield f"{name}.{member}"


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_has_a_docstring(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__
    assert list(undescribed(module)) == []


# The API reference.


def described_in_reference() -> set[str]:
    return set(_OBJECT.findall((DOCS / "api.md").read_text(encoding="utf-8")))


def test_the_reference_holds_every_name_of_lpr() -> None:
    assert {f"lpr.{name}" for name in lpr.__all__} <= described_in_reference()


@pytest.mark.parametrize("name", MODULES)
def test_the_reference_holds_every_class_and_function(name: str) -> None:
    found = described_in_reference()
    things = public(importlib.import_module(name))
    missing = [n for n, _ in things if not {f"{name}.{n}", f"lpr.{n}"} & found]
    assert missing == []


# Links.


def links(page: Path) -> Iterator[str]:
    text = _CODE.sub("", _FENCED.sub("", page.read_text(encoding="utf-8")))
    yield from (target for target in _LINK.findall(text) if "://" not in target)


def anchors(page: Path) -> set[str]:
    """GitHub's anchors of the headings, and the objects of the API reference."""
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    headings = (re.sub(r"[^\w\- ]", "", h.strip().lower()) for h in _HEADING.findall(text))
    return {heading.replace(" ", "-") for heading in headings} | set(_OBJECT.findall(text))


@pytest.mark.parametrize("page", LINKING, ids=relative)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{link}: there is no {target}"
        if anchor:
            assert anchor in anchors(target), f"{link}: {target.name} has no such heading"


# Paths and layers.


@pytest.mark.parametrize("page", LINKING, ids=relative)
def test_the_files_that_a_page_names_exist(page: Path) -> None:
    named = _PATH.findall(_FENCED.sub("", page.read_text(encoding="utf-8")))
    assert [path for path in named if not list(REPOSITORY.glob(path))] == []


def test_the_architecture_page_lists_every_package_on_its_layer() -> None:
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    layers = [(n, package) for n, packages in enumerate(LAYERS) for package in sorted(packages)]
    assert sorted((int(n), package) for n, package in _PACKAGE.findall(text)) == layers
    assert [int(n) for n, _ in _PACKAGE.findall(text)] == [n for n, _ in layers]


# Code blocks.


@pytest.mark.parametrize("page", BLOCKS, ids=relative)
def test_the_blocks_of_every_page_are_tests(page: Path) -> None:
    project = parse_toml((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"), "text")
    tested = project["tool"]["pytest"]["ini_options"]["testpaths"]
    assert page.relative_to(REPOSITORY).parts[0] in tested
    assert PAGES.should_parse(page)


@pytest.mark.parametrize("language", ["", "bash", "yaml"])
def test_a_block_that_nothing_runs_is_refused(language: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"```{language}\nls\n```\n")
    (block,) = Document.parse(str(page), *PARSERS)
    with pytest.raises(AssertionError, match="neither run nor skipped"):
        block.evaluate()


@pytest.mark.parametrize("reason", ["", ' ""', ' " "'])
def test_a_skip_without_a_reason_is_refused(reason: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"<!-- skip: next{reason} -->\n```sh\nls\n```\n")
    with pytest.raises(ValueError, match='needs a "reason"'):
        Document.parse(str(page), *PARSERS)


# Outputs and pictures that pages show.


@pytest.mark.parametrize("page", SHOWING, ids=relative)
def test_the_outputs_that_a_page_shows_are_what_comes_out(page: Path, tmp_path: Path) -> None:
    (tmp_path / "samples").symlink_to(REPOSITORY / "samples")
    everything = list(shown_in(page))
    assert everything
    for shown in everything:
        printed = shown.printed(tmp_path)
        rewrite = "python -m tests.pages.shown rewrites it"
        assert words(printed) == words(shown.output), rewrite
        # Confidences within 0.03, boxes within a pixel: runtimes differ in the last digits.
        for now, before in zip(numbers(printed), numbers(shown.output), strict=True):
            assert now == pytest.approx(before, abs=0.03 if before <= 1 else 1), rewrite


def test_the_first_picture_shows_the_sample_and_is_small() -> None:
    picture = DOCS / "watch.jpg"
    assert picture.stat().st_size <= 150_000
    image = cv2.imread(str(picture))
    assert image is not None
    assert image.shape == (384, 1280, 3)
    for page in SHOWING:
        first = page.read_text(encoding="utf-8").partition("```")[0]
        assert "watch.jpg" in first, f"{page.name} opens without the picture"


def test_readme_names_two_commands_to_set_up() -> None:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    setups = re.findall(r"^(make \w+) ", text, re.MULTILINE)
    assert setups == ["make demo", "make test"]


# The site.


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needed = ("mkdocs", "material", "mkdocstrings", "mkdocs_click")
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (pip install -e '.[docs]')")
    folder = tmp_path_factory.mktemp("site")
    run = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=REPOSITORY,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return folder


def test_the_site_has_every_page(site: Path) -> None:
    pages = {page.relative_to(DOCS).with_suffix(".html") for page in DOCS.rglob("*.md")}
    assert pages <= {page.relative_to(site) for page in site.rglob("*.html")}


def test_the_site_describes_every_command(site: Path) -> None:
    page = (site / "cli.html").read_text(encoding="utf-8")
    assert [c.name for c in lpr_commands() if f'id="lpr-{c.name}"' not in page] == []


def test_the_site_fetches_nothing(site: Path) -> None:
    fetched = re.compile(r"<(?:script|link|img|iframe)\b[^>]*(?:src|href)=[\"']?(?:https?:)?//")
    for page in site.rglob("*.html"):
        assert not fetched.search(page.read_text(encoding="utf-8")), page.name
