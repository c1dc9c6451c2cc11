#!/usr/bin/env bash
# All that needs a GPU, in at most nine minutes: what works, the tests marked cuda, parity, pictures a
# second at batches of 1, 8 and 32, videos, and a training in the time that is left.
# Usage: benchmarks/gpu.sh [OUT [PYTHON]]
#
# Each step writes its results to OUT (default out/gpu) before the next begins. DATA names a labelled
# set (lpr train --data) for the training; without it nothing is trained. Without a CUDA device the
# script does the same with the CPU's runtimes and small numbers, and says so: a rehearsal, no
# measurement.
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
deadline=$((SECONDS + 540))

# step NAME LIMIT FILE COMMAND...: at most LIMIT seconds, and never beyond the deadline. The output
# goes to FILE.txt and FILE.err. A step that fails is recorded and does not cost the others.
step() {
    local name=$1 limit=$2 file=$out/$3 left=$((deadline - SECONDS)) began=$SECONDS status=0
    shift 3
    if [ "$left" -lt 5 ]; then
        echo "no time left: $name" | tee -a "$out/failures.txt" >&2
        return
    fi
    echo "== $name" >&2
    TIMEFORMAT='%R s elapsed, %U s user, %S s system, %P %% of a core'
    { time timeout $((limit < left ? limit : left)) "$@" >"$file.txt" 2>"$file.err" || status=$?; } 2>"$file.time"
    echo "$name: status $status, $((SECONDS - began)) s, $(cat "$file.time")" | tee -a "$out/steps.txt" >&2
    [ "$status" = 0 ] || echo "failed with status $status: $name ($file.err)" | tee -a "$out/failures.txt" >&2
}

rm -f "$out/failures.txt" "$out/steps.txt"
step doctor 60 doctor "$python" -m lpr doctor || true
backends=$(sed -n 's/^detector *\([a-z0-9-]*\) on cuda:[0-9]*.*works.*/\1/p' "$out/doctor.txt")
device=cuda
batches=1,8,32
networks=("$out/networks/yolov3_1_cls.cfg")
if [ -z "$backends" ]; then
    echo "gpu.sh: nothing works here on CUDA (see $out/doctor.txt): a rehearsal on the CPU, no measurement" >&2
    backends="opencv onnxruntime"
    device=cpu
    batches=1,2
    networks=()
else
    step nvidia-smi 20 nvidia-smi nvidia-smi
    step networks 60 networks "$python" benchmarks/networks.py "$out/networks" training/lpr_training/recipes/yolov3_1_cls.cfg
fi

# The question that matters most comes first: does the one command of the README work?
for backend in $backends; do
    step "video: $backend" 60 "video-$backend" "$python" -m lpr detect --backend "$backend" --timings samples/street.mp4
    step "watch: $backend" 60 "watch-$backend" "$python" -m lpr watch --backend "$backend" samples/street.mp4
    step "pictures: $backend" 60 "pictures-$backend" "$python" -m lpr detect --backend "$backend" --timings samples
done
step "tests marked cuda" 120 tests "$python" -m pytest -q -m cuda -rs -p no:xdist
step parity 90 parity "$python" -m lpr bench --parity tw-light "${networks[@]}" --pictures samples
step speed 120 speed "$python" -m lpr bench tw-light "${networks[@]}" --device "$device" --threads 1 --batch "$batches"
if "$python" -m lpr models list | grep -q '^tw-accurate'; then
    step "speed of tw-accurate" 60 speed-accurate "$python" -m lpr bench tw-accurate --device "$device" --threads 1 --batch "$batches"
fi
"$python" - "$out" <<'PYTHON' | tee "$out/videos.md"
import json
import statistics
import sys
from pathlib import Path

print("| run | frames | ms a frame, median | frames a second |")
print("| --- | --- | --- | --- |")
for file in sorted(Path(sys.argv[1]).glob("*-*.txt")):
    frames = [json.loads(line) for line in file.open() if '"type": "frame"' in line]
    times = [frame["timing"]["ms"] if "timing" in frame else frame["ms"] for frame in frames]
    if times:
        ms = statistics.median(times)
        print(f"| {file.stem} | {len(times)} | {ms:.2f} | {1000 / ms:.1f} |")
PYTHON
left=$((deadline - SECONDS))
if [ -n "${DATA:-}" ] && [ "$left" -gt 60 ]; then
    # The run's folder keeps a checkpoint, so that another loan of the machine continues it.
    step training "$left" training "$python" -m lpr train detector --recipe seed-yolov3 --data "$DATA" --device "$device" \
        --out "$out/training" --set schedule.mixed=true --set schedule.workers=8 --set schedule.minutes=$(((left - 30) / 60))
fi
if [ -s "$out/failures.txt" ]; then
    echo "gpu.sh: $(wc -l <"$out/failures.txt") steps failed: $out/failures.txt" >&2
    exit 1
fi
echo "gpu.sh: all of it is in $out" >&2
