"""A pipeline of steps that skips finished ones when it runs again."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lpr.errors import LprError, OutputError, describe
from lpr_training.labelling.files import write_json

State = dict[str, dict[str, Any]]
"""By the name of a step: its fingerprint (``print``) of all inputs, whether it is ``done``, and
its duration in ``seconds``."""


@dataclass(frozen=True, slots=True)
class Step:
    """``work`` makes the files and folders ``makes`` from ``inputs`` (JSON values) and the results
    of the steps named in ``after``.

    After an interruption, a step that ``resumes`` continues (``work`` is called with True); others
    start over.
    """

    name: str
    inputs: Any
    after: tuple[str, ...]
    makes: tuple[Path, ...]
    work: Callable[[bool], None]
    resumes: bool = False


def carry_out(steps: Sequence[Step], file: Path, say: Callable[[str], None]) -> State:
    """Run the unfinished steps in order, and record them in ``file``.

    A step is repeated if its inputs or a step before it have changed; its old results are removed
    first. ``say`` gets a line for each step. Returns the state after the last step. Raises
    :class:`lpr.errors.LprError` if ``file`` is damaged and, before the first step, if a result
    exists that no step has made.
    """
    state = _load(file)
    for step in steps:
        if step.name not in state and (existing := [path for path in step.makes if path.exists()]):
            raise OutputError(
                f"{existing[0]}: exists, but was not made by this command; "
                "move it away, or name another --out"
            )
    prints: dict[str, str] = {}
    for number, step in enumerate(steps, start=1):
        heading = f"[{number}/{len(steps)}] {step.name}"
        prints[step.name] = _print(step, prints)
        known = state.get(step.name, {})
        same = known.get("print") == prints[step.name]
        if same and known["done"] and all(path.exists() for path in step.makes):
            say(f"{heading}: done before")
            continue
        resumes = same and not known["done"] and step.resumes
        say(f"{heading}{_why(known, same, resumes)}")
        for path in () if resumes else step.makes:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        state[step.name] = {"print": prints[step.name], "done": False, "seconds": 0.0}
        write_json(file, state)
        began = time.monotonic()
        step.work(resumes)
        state[step.name] |= {"done": True, "seconds": round(time.monotonic() - began, 1)}
        write_json(file, state)
    return state


def _why(known: dict[str, Any], same: bool, resumes: bool) -> str:
    if resumes:
        return ": continues where it was interrupted"
    if not known:
        return ""
    if not same:
        return ": repeated, since its inputs have changed"
    return f": repeated, since {'its files are gone' if known['done'] else 'it was interrupted'}"


def _print(step: Step, before: dict[str, str]) -> str:
    content = json.dumps([step.inputs, [before[name] for name in step.after]], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def _load(file: Path) -> State:
    if not file.is_file():
        return {}
    try:
        state: State = json.loads(file.read_text(encoding="utf-8"))
        for known in state.values():
            known["print"], known["done"], known["seconds"]
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise LprError(
            f"{file}: does not say which steps are done ({describe(error)}); remove the folder "
            f"{file.parent} to start over, or name another --out"
        ) from error
    return state
