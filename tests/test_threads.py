"""One reader for any number of threads: each gets the answers of a single one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from lpr.loading import load, registry
from lpr.runtimes.select import problem_of
from lpr.source import open_source
from lpr.types import Image
from tests.cli.run import CLIP

THREADS = 8


def working() -> list[str]:
    return [r.name for r in registry().detector_runtimes if problem_of(r) is None]


@pytest.fixture(scope="module")
def images() -> list[Image]:
    with open_source(str(CLIP), 6) as frames:
        return [frame.image for frame in frames][:8]


@pytest.mark.parametrize("threads", [1, 0])
@pytest.mark.parametrize("backend", working())
def test_eight_threads_get_the_answers_of_one(
    images: list[Image], backend: str, threads: int
) -> None:
    with load(backend=backend, threads=threads) as reader:
        alone = [reader.read(image) for image in images]
        assert any(alone)
        with ThreadPoolExecutor(THREADS) as pool:
            together = list(pool.map(reader.read, images * 3))
    assert together == alone * 3


def test_so_do_recognizers_that_vote(images: list[Image]) -> None:
    with load(recognizer="opencv,tw-light", threads=1) as reader:
        alone = [reader.read(image) for image in images]
        with ThreadPoolExecutor(THREADS) as pool:
            assert list(pool.map(reader.read, images)) == alone
