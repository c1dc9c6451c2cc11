"""Runs one check of a plugin in another process, which may hang, crash or print.

``python -m lpr.plugins.check_process RESULT NAME SUBJECT MODEL ARGUMENT`` is that process. It loads
the plugin NAME and writes its findings to the file RESULT, as JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from lpr.errors import describe
from lpr.models import installed_models, load_model
from lpr.plugins import builtin
from lpr.plugins.conformance import Check, checks_of, plugin_called
from lpr.plugins.registry import BUILTIN, SELECTION, load_registry
from lpr.testing import Speed

_THREAD_GRACE = 1.0  # Seconds for a plugin's threads to end after close()
_SHOWN = 60  # Characters of what was printed


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check: ``status`` is ``ok``, ``failed`` or ``not tried``, with a reason.

    ``seconds`` is the time of loading the plugin; ``subjects`` is what it provides.
    """

    subject: str
    status: str
    reason: str = ""
    speeds: Sequence[Speed] = ()
    seconds: float = 0.0
    subjects: Sequence[str] = ()


def run_check(name: str, subject: str, model: str, argument: str, timeout: float) -> Finding:
    """Check ``subject`` of the plugin or model pack ``name``, for at most ``timeout`` seconds.

    An empty ``subject`` only loads it. ``model`` and ``argument`` are as in
    :func:`lpr.plugins.conformance.checks_of`.
    """
    shown = subject or f"plugin {name}"
    selected = "" if name == BUILTIN or name in installed_models() else name
    with tempfile.TemporaryDirectory(prefix="lpr-check-") as folder:
        result, printed, errors = (Path(folder) / part for part in ("result", "stdout", "stderr"))
        arguments = ["-m", "lpr.plugins.check_process", str(result), name, subject, model]
        arguments.append(argument)
        with printed.open("wb") as stdout, errors.open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                env={**os.environ, SELECTION: selected},
                start_new_session=True,
            )
            try:
                process.wait(timeout)
            except subprocess.TimeoutExpired:
                reason = f"did not end within {timeout:g} s: it hangs"
                return Finding(shown, "failed", reason)
            finally:
                # With it go the processes that the plugin started, where there are such groups.
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    if sys.platform == "win32":
                        process.kill()
                    else:
                        os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        try:
            content = json.loads(result.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            last = errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            words = f"{_ending(process.returncode)}{': ' + last[-1] if last else ''}"
            return Finding(shown, "failed", words)
        said = printed.read_bytes()[content.pop("printed_before") :]
    speeds = [Speed(**speed) for speed in content.pop("speeds")]
    finding = Finding(shown, speeds=speeds, **content)
    if finding.status != "failed" and said:
        text = said.decode("utf-8", "replace").strip()[:_SHOWN]
        reason = f"wrote to standard output, which carries the records: {text!r}; use logging"
        return Finding(shown, "failed", reason, subjects=finding.subjects)
    return finding


def _ending(status: int) -> str:
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"ended the process by {signal.Signals(-status).name}"
    return f"ended the process with status {status}"


def main(result: str, name: str, subject: str, model: str, argument: str) -> None:
    """Body of the process."""
    registry = load_registry(builtin)
    plugin = plugin_called(registry, name)
    content: dict[str, object] = {
        "status": "ok", "reason": "", "speeds": [], "subjects": [], "printed_before": 0,
        "seconds": plugin.seconds if plugin else 0.0,
    }  # fmt: skip
    if plugin is not None and plugin.problems:
        content |= {"status": "failed", "reason": "; ".join(plugin.problems)}
    else:
        checks = list(checks_of(registry, name, load_model(model), argument))
        content["subjects"] = [check.subject for check in checks]
        if subject:
            content["printed_before"] = _printed()
            content |= _run(next(check for check in checks if check.subject == subject))
    _printed()
    Path(result).write_text(json.dumps(content), encoding="utf-8")
    # Without waiting for threads that the plugin left behind.
    os._exit(0)


def _run(check: Check) -> dict[str, object]:
    before = set(threading.enumerate())
    problem = check.problem() or _threads_left(before)
    if problem:
        return {"status": "failed", "reason": problem}
    try:
        if reason := check.skip_reason():
            return {"status": "not tried", "reason": reason}
        return {"speeds": [asdict(speed) for speed in check.speeds()]}
    except BaseException as error:
        return {"status": "failed", "reason": describe(error)}


def _threads_left(before: set[threading.Thread]) -> str | None:
    """The problem with threads that would keep lpr from ending."""
    deadline = time.monotonic() + _THREAD_GRACE
    while left := [t for t in set(threading.enumerate()) - before if not t.daemon and t.is_alive()]:
        if time.monotonic() > deadline:
            names = ", ".join(sorted({thread.name for thread in left}))
            return f"left threads running after close(): {names}"
        time.sleep(0.01)
    return None


def _printed() -> int:
    """The bytes on standard output so far."""
    sys.stdout.flush()
    return os.fstat(1).st_size


if __name__ == "__main__":
    main(*sys.argv[1:])
