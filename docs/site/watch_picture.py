"""Renders docs/watch.jpg, the first picture of README.md: two frames of the annotated sample clip.

python docs/site/watch_picture.py
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import av
import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
_FRAMES = (22, 34)  # Both show two vehicles; together they show all three
_QUALITY = 85  # JPEG; the file has to stay below 150 kB


def main() -> None:
    """Watch the clip, and write two of its annotated frames side by side."""
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "street.mp4"
        watch = [sys.executable, "-m", "lpr", "watch", ROOT / "samples" / "street.mp4"]
        subprocess.run([*watch, "--save", video], check=True, stdout=subprocess.DEVNULL)
        with av.open(str(video)) as stream:
            frames = [frame.to_ndarray(format="bgr24") for frame in stream.decode(video=0)]
    picture = np.hstack([frames[number] for number in _FRAMES])
    path = ROOT / "docs" / "watch.jpg"
    cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
