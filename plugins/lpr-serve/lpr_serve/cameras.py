"""A supervised ``lpr watch`` for each camera, in a process of its own."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from lpr.source.shown_address import shown_source
from lpr.utils.closing import Closeable
from lpr_serve.config import CameraConfig

log = logging.getLogger("lpr")

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0  # Seconds before a restart; each is twice the one before
_STEADY = 60.0  # Seconds after which a worker counts as healthy: the next pause is the first again
_STOP = 15.0  # Seconds for a worker to write what is pending


class Cameras(Closeable):
    """Watches ``cameras``, their sightings into ``store``. A worker that ends is started again."""

    def __init__(
        self, cameras: Sequence[CameraConfig], store: str, model: str, regions: str | None
    ) -> None:
        self._workers = [_Worker(camera, store, model, regions) for camera in cameras]
        for worker in self._workers:
            worker.start()

    def states(self) -> list[dict[str, Any]]:
        """Each camera's name, masked address, whether it is watched, and its restarts."""
        return [worker.state() for worker in self._workers]

    def close(self) -> None:
        """Stop all workers; each writes its pending sightings first."""
        for worker in self._workers:
            worker.stop()
        for worker in self._workers:
            worker.join()


class _Worker(threading.Thread):
    def __init__(self, camera: CameraConfig, store: str, model: str, regions: str | None) -> None:
        super().__init__(name=f"camera {camera.name}", daemon=True)
        self._camera = camera
        # Addresses are not arguments of the process: others could list them.
        self._command = [
            *(sys.executable, "-m", "lpr_serve.worker", "--model", model, "--format", "jsonl"),
            *([] if regions is None else ["--region", regions]),
            *camera.options,
        ]
        self._environment = {
            **os.environ,
            "LPR_WORKER_SOURCE": f"{camera.name}={camera.address}",
            "LPR_WORKER_STORE": store,
        }
        self._stopping = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._restarts = 0
        self._last = ""

    def run(self) -> None:
        pause = _FIRST_PAUSE
        while not self._stopping.is_set():
            began = time.monotonic()
            if self._run_once() == 0:
                return  # a recording has ended
            if time.monotonic() - began >= _STEADY:
                pause = _FIRST_PAUSE
            if self._stopping.wait(pause):
                return
            self._restarts += 1
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _run_once(self) -> int:
        self._process = subprocess.Popen(
            self._command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=self._environment,
            start_new_session=True,  # Ctrl-C reaches the service, which stops its workers in order
        )
        if self._stopping.is_set():
            self._process.terminate()
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._last = line.rstrip()
            log.info("%s: %s", self._camera.name, self._last)
        status = self._process.wait()
        if status and not self._stopping.is_set():
            log.warning("%s: the watch ended with %d; starting it again", self._camera.name, status)
        return status

    def state(self) -> dict[str, Any]:
        process = self._process
        return {
            "name": self._camera.name,
            "address": shown_source(self._camera.address),
            "running": process is not None and process.poll() is None,
            "pid": process.pid if process is not None else None,
            "restarts": self._restarts,
            "message": self._last,
        }

    def stop(self) -> None:
        self._stopping.set()
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)

    def join(self, timeout: float | None = None) -> None:
        super().join(_STOP)
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
