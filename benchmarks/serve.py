"""What the service adds to reading: pictures a second and latencies, beside a plain loop.

Usage: ``python benchmarks/serve.py [PICTURE [SECONDS]]``

The same picture (scaled to 704 pixels) is read by ``lpr.load().read`` in a loop, by one reader per
core in threads, and through ``lpr serve`` by 1, 8 and 64 clients, each with one connection. Then
128 clients ask at once, twice what may wait, and the answers 201 and 429 are counted.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from pathlib import Path

import cv2

import lpr
from lpr.loading import load_pool

CAR = Path(__file__).resolve().parents[1] / "samples" / "car.jpg"
PORT = 18080
WIDTH = 704  # pixels
BOUNDARY = "lprlprlpr"


def main() -> None:
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else CAR
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 10.0
    picture = lpr.imread(file)
    height = round(picture.shape[0] * WIDTH / picture.shape[1])
    data = cv2.imencode(".jpg", cv2.resize(picture, (WIDTH, height)))[1].tobytes()
    plain = loop(data, seconds)
    print(f"{'plain loop':<24} {plain:6.1f} pictures/s")
    print(f"{'a reader per core':<24} {threads(data, seconds):6.1f} pictures/s")
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [sys.executable, "-m", "lpr", "serve", "--port", str(PORT)],
            env={**os.environ, "LPR_STATE": folder},
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until_ready()
            for clients in (1, 8, 64, 128):
                report(f"lpr serve, {clients} clients", *load(data, clients, seconds))
            report("afterwards, 8 clients", *load(data, 8, seconds))
        finally:
            server.terminate()
            server.wait()


def loop(data: bytes, seconds: float) -> float:
    with lpr.load() as reader:
        reader.read(data)
        return repeat(lambda: reader.read(data), seconds) / seconds


def threads(data: bytes, seconds: float) -> float:
    readers = load_pool(os.cpu_count() or 1, scale=1.0)
    counts: list[int] = []
    running = [
        threading.Thread(target=lambda r=r: counts.append(repeat(lambda: r.read(data), seconds)))
        for r in readers
    ]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return sum(counts) / seconds


def repeat(action: object, seconds: float) -> int:
    end, count = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        action()  # type: ignore[operator]
        count += 1
    return count


def wait_until_ready() -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/readyz") as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the service did not start")


def load(data: bytes, clients: int, seconds: float) -> tuple[Counter[int], list[float], float]:
    """The answers by status, and the seconds that each of 201 took."""
    body = (
        (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="upload"; filename="a.jpg"\r\n'
            "Content-Type: image/jpeg\r\n\r\n"
        ).encode()
        + data
        + f"\r\n--{BOUNDARY}--\r\n".encode()
    )
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    statuses: Counter[int] = Counter()
    times: list[float] = []
    end = time.monotonic() + seconds

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
        while time.monotonic() < end:
            began = time.monotonic()
            connection.request("POST", "/v1/plate-reader/", body, kind)
            answer = connection.getresponse()
            answer.read()
            statuses[answer.status] += 1
            if answer.status == 201:
                times.append(time.monotonic() - began)
            else:
                time.sleep(0.1)

    running = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return statuses, times, seconds


def report(name: str, statuses: Counter[int], times: list[float], seconds: float) -> None:
    times.sort()
    p50, p95, p99 = (
        1000 * times[min(int(len(times) * q), len(times) - 1)] for q in (0.5, 0.95, 0.99)
    )
    print(
        f"{name:<24} {len(times) / seconds:6.1f} pictures/s, ms {p50:.0f} / {p95:.0f} / {p99:.0f} "
        f"(p50/p95/p99), {dict(statuses)}"
    )


if __name__ == "__main__":
    main()
