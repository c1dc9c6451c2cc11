#!/usr/bin/env bash
# The bare wheel, installed outside the checkout: it has to read the shipped picture by itself,
# through OpenCV alone. Usage: tests/wheel.sh PYTHON [WHEEL]; without a wheel, one is built and kept
# in build/wheel.
set -euo pipefail
python=$1
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ $# -gt 1 ]; then
  cp "$2" "$work"
else
  rm -rf "$here/build/wheel"
  "$python" -m pip wheel -q --no-deps -w "$here/build/wheel" "$here"
  cp "$here"/build/wheel/lpr-*.whl "$work"
fi
"$python" -m venv "$work/venv"
cp "$here/samples/car.jpg" "$work"
cd "$work"
venv/bin/python -m pip install -q --disable-pip-version-check ./lpr-*.whl
env -u PYTHONPATH venv/bin/lpr doctor
env -u PYTHONPATH venv/bin/lpr detect --backend cpu car.jpg | tee readings.jsonl
grep -q '"text": "[A-Z0-9]\{5,\}"' readings.jsonl
