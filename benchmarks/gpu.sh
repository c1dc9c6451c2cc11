#!/usr/bin/env bash
# All that needs a GPU, in under ten minutes: what works, the tests marked cuda, parity, and pictures
# a second at batches of 1, 8 and 32. Usage: benchmarks/gpu.sh [OUT [PYTHON]]
#
# Everything lands in OUT (default out/gpu). Without a CUDA device it does the same with the CPU's
# runtimes and small numbers, and says so: a trial of the script, no measurement.
set -euo pipefail
out=${1:-out/gpu}
python=${2:-.venv/bin/python}
cd "$(dirname "$0")/.."
"$python" -c 'import pytest, torch, lpr.kernels' || {
    echo "gpu.sh: $python has not all that this needs; make test sets up .venv with it" >&2
    exit 2
}
mkdir -p "$out"
lpr() { "$python" -m lpr "$@"; }

step() {
    echo "== $1" >&2
    shift
    # A step that fails is recorded and does not cost the others.
    timeout 150 "$@" || echo "failed with status $?: $*" | tee -a "$out/failures.txt" >&2
}

rm -f "$out/failures.txt"
lpr doctor >"$out/doctor.txt" 2>&1 || true
backends=$(sed -n 's/^detector *\([a-z0-9-]*\) on cuda:[0-9]*.*works.*/\1/p' "$out/doctor.txt")
device=cuda
batches=1,8,32
networks=("$out/networks/yolov3_1_cls.cfg")
if [ -z "$backends" ]; then
    echo "gpu.sh: nothing works here on CUDA (see $out/doctor.txt): a trial on the CPU, no measurement" >&2
    backends="opencv onnxruntime"
    device=cpu
    batches=1,2
    networks=()
else
    nvidia-smi >"$out/nvidia-smi.txt" || true
    step "networks" "$python" benchmarks/networks.py "$out/networks" training/lpr_training/recipes/yolov3_1_cls.cfg
fi

step "tests marked cuda" "$python" -m pytest -q -m cuda -rs >"$out/tests.txt"
step "parity" "$python" -m lpr bench --parity tw-light "${networks[@]}" --pictures samples >"$out/parity.md"
step "speed" "$python" -m lpr bench tw-light "${networks[@]}" --device "$device" --threads 1 --batch "$batches" >"$out/speed.md"
for backend in $backends; do
    step "video: $backend" "$python" -m lpr detect --backend "$backend" --timings samples/street.mp4 \
        >"$out/video-$backend.jsonl" 2>"$out/video-$backend.txt"
    step "pictures: $backend" "$python" -m lpr detect --backend "$backend" --timings samples \
        >"$out/pictures-$backend.jsonl" 2>"$out/pictures-$backend.txt"
done
"$python" - "$out" <<'PYTHON' | tee "$out/videos.md"
import json
import statistics
import sys
from pathlib import Path

print("| run | frames | ms a frame, median | frames a second |")
print("| --- | --- | --- | --- |")
for file in sorted(Path(sys.argv[1]).glob("*.jsonl")):
    frames = [json.loads(line) for line in file.open() if '"frame"' in line]
    times = [frame["ms"] for frame in frames if frame["type"] == "frame"]
    if times:
        ms = statistics.median(times)
        print(f"| {file.stem} | {len(times)} | {ms:.2f} | {1000 / ms:.1f} |")
PYTHON
if [ -s "$out/failures.txt" ]; then
    echo "gpu.sh: $(wc -l <"$out/failures.txt") steps failed: $out/failures.txt" >&2
    exit 1
fi
echo "gpu.sh: all of it is in $out" >&2
