#!/usr/bin/env bash
# Builds every distribution into dist/, source and wheel, twice, and compares: the same commit has to
# give the same bytes. Then checks them as an index would. Usage: .ci/release/dist.sh PYTHON
#
# The wheel of lpr has kernels for this machine: .github/workflows/wheels.yml builds those for an index.
set -euo pipefail
python=$1
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
commit=$(git rev-parse HEAD)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct "$commit")
export SOURCE_DATE_EPOCH

build() {  # FOLDER: from the commit, so that no file of the checkout gets in
  rm -rf "$work/source"
  mkdir -p "$work/source" "$1"
  git archive "$commit" | tar -x -C "$work/source"
  for project in . training plugins/*; do
    "$python" -m build --sdist --wheel -o "$1" "$work/source/$project" >"$work/log" 2>&1 ||
      { cat "$work/log"; return 1; }
  done
  # setuptools writes the time of the build into source distributions.
  for archive in "$1"/*.tar.gz; do
    rm -rf "$work/unpacked"
    mkdir "$work/unpacked"
    tar -xzf "$archive" -C "$work/unpacked"
    tar -C "$work/unpacked" --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 \
      --numeric-owner --format=ustar -cf - \
      --no-recursion -T <(cd "$work/unpacked" && find . -type f -printf '%P\n' | LC_ALL=C sort) |
      gzip -n >"$archive"
  done
}

build "$work/first"
build "$work/second"
if ! diff -r "$work/first" "$work/second"; then
  echo "two builds of one commit differ" >&2
  exit 1
fi
rm -rf dist
mv "$work/first" dist

"$python" -m twine check --strict dist/*
# W004: Alembic's migrations are numbered files. W009: two plugins are several modules side by side.
"$python" -m check_wheel_contents --ignore W004,W009 dist/*.whl
(cd dist && sha256sum -- *)
