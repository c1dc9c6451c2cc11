from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from lpr.utils.timing import measuring, stage


def test_stages_add_up_and_are_part_of_the_whole() -> None:
    with measuring() as clock:
        for _ in range(3):
            with stage("look"):
                time.sleep(0.002)
        with stage("read"):
            time.sleep(0.001)
    timing = clock.timing()
    assert list(timing.stages) == ["look", "read"]
    assert timing.stages["look"] >= 6
    assert sum(timing.stages.values()) <= timing.ms


def test_nobody_listens_outside() -> None:
    with measuring() as clock:
        pass
    with stage("late"):
        pass
    assert clock.timing().stages == {}


def test_a_stage_that_fails_is_measured_and_its_error_goes_on() -> None:
    with measuring() as clock, pytest.raises(KeyError), stage("look"):
        raise KeyError
    assert "look" in clock.timing().stages


def test_threads_do_not_hear_each_other() -> None:
    def work(name: str) -> set[str]:
        with measuring() as clock:
            for _ in range(50):
                with stage(name):
                    time.sleep(0)
        return set(clock.timing().stages)

    names = [f"stage {n}" for n in range(8)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, names)) == [{name} for name in names]
