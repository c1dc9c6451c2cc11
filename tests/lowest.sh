#!/usr/bin/env bash
# The lowest versions that the distributions say they work with, in an environment of its own: they
# have to install and to read the shipped samples. PyTorch is left out: its oldest version is only
# there with 2 GB of CUDA. Usage: tests/lowest.sh PYTHON UV, both absolute, after tests/wheel.sh.
set -euo pipefail
python=$1 uv=$2
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
names=(training plugins/lpr-onnx plugins/lpr-openvino plugins/lpr-serve plugins/lpr-store
  plugins/lpr-yolo-onnx plugins/lpr-tesseract)

mkdir "$work/dist"
cp build/wheel/lpr-*.whl "$work/dist"
# From copies without a build folder, whose old files would be taken along.
for name in "${names[@]}"; do
  cp -r "$name" "$work/source"
  rm -rf "$work/source/build" "$work"/source/*.egg-info
  "$uv" build -q --wheel -p "$python" -o "$work/dist" "$work/source"
  rm -rf "$work/source"
done

"$uv" venv -q -p "$python" "$work/venv"
# What a file of requirements names is direct, and only that is taken at its lowest.
requirements=(-r pyproject.toml --extra heic)
for name in "${names[@]}"; do requirements+=(-r "$name/pyproject.toml"); done
"$uv" pip install -q -p "$work/venv/bin/python" --resolution lowest-direct \
  --find-links "$work/dist" "${requirements[@]}"
"$uv" pip install -q -p "$work/venv/bin/python" --no-deps "$work"/dist/*.whl
"$uv" pip list -q -p "$work/venv/bin/python"

cp -r samples "$work"
cd "$work"
unset PYTHONPATH
lpr=venv/bin/lpr
$lpr doctor
for backend in cpu onnxruntime openvino; do
  $lpr detect --backend "$backend" samples/car.jpg | grep '"text": "[A-Z0-9]\{5,\}"' >/dev/null
done
$lpr watch samples/street.mp4 --format csv --to sqlite:///seen.db | grep -q EZU
$lpr data sample set --count 2
$lpr eval set >/dev/null
