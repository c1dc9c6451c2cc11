#!/usr/bin/env bash
# Builds the kernels with AddressSanitizer and UndefinedBehaviorSanitizer and runs their tests.
# The first finding fails the run. Needs GCC. Argument: a Python that has lpr and the requirements of
# its tests.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:-python3}
build=build/sanitize

isolation=()
if "$python" -c 'import scikit_build_core, pybind11, hatch_fancy_pypi_readme' 2>/dev/null; then
  isolation=(--no-build-isolation)
fi
# Environment variables, since older versions of pip have no -C.
SKBUILD_BUILD_DIR="$build/cmake" SKBUILD_CMAKE_BUILD_TYPE=Debug SKBUILD_INSTALL_STRIP=false \
  SKBUILD_CMAKE_DEFINE="LPR_SANITIZE=ON;LPR_DEVELOPMENT=ON" \
  "$python" -m pip --disable-pip-version-check -q install "${isolation[@]}" . \
  --no-deps --upgrade --target "$build/site"

# Python itself is not sanitized, so the sanitizer's runtime is preloaded, with the C++ library (or
# no exception could be thrown). Leaks are ignored: Python does not free everything at exit.
compiler=${CXX:-c++}
preload="$("$compiler" -print-file-name=libasan.so) $("$compiler" -print-file-name=libstdc++.so)"
export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 OMP_NUM_THREADS=1
LD_PRELOAD=$preload "$python" - "$build"/site/lpr/_kernels*.so <<'PYTHON'
import importlib.util
import sys

import pytest

spec = importlib.util.spec_from_file_location("lpr._kernels", sys.argv[1])
kernels = importlib.util.module_from_spec(spec)
spec.loader.exec_module(kernels)
sys.modules["lpr._kernels"] = kernels  # replaces the installed module

# Capture Python's output only: a finding ends the process and has to reach the terminal.
options = ["--capture=sys", "-p", "no:cacheprovider"]
sys.exit(pytest.main([*options, "tests/kernels", "tests/test_kernels.py"]))
PYTHON
