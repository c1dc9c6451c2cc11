#!/usr/bin/env bash
# Builds the kernels with AddressSanitizer and UndefinedBehaviorSanitizer and runs their tests.
# Any finding ends the run with a failure. Needs GCC. Argument: the Python to use, in which lpr and
# its tests' requirements are installed.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:-python3}
build=build/sanitize

isolation=()
if "$python" -c 'import scikit_build_core, pybind11' 2>/dev/null; then
  isolation=(--no-build-isolation)
fi
# By the environment, as older pips know no -C.
SKBUILD_BUILD_DIR="$build/cmake" SKBUILD_CMAKE_BUILD_TYPE=Debug SKBUILD_INSTALL_STRIP=false \
  SKBUILD_CMAKE_DEFINE="LPR_SANITIZE=ON;LPR_DEVELOPMENT=ON" \
  "$python" -m pip --disable-pip-version-check -q install "${isolation[@]}" . \
  --no-deps --upgrade --target "$build/site"

# Python itself is not sanitized: the runtime has to be there before it (and the C++ library with
# it, or no exception can be thrown), and what it does not free at its end is not ours.
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
sys.modules["lpr._kernels"] = kernels  # instead of the installed one

# Only what Python writes is captured: a finding ends the process, and has to be seen.
options = ["--capture=sys", "-p", "no:cacheprovider"]
sys.exit(pytest.main([*options, "tests/kernels", "tests/test_kernels.py"]))
PYTHON
