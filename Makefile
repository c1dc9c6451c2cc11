# Two commands for everybody: `make demo` and `make test`. The rest is for those who develop lpr.
#
# LPR_VENV     the virtual environment to use or make (default .venv)
# CONSTRAINTS  a pip constraint file; the default pins one release of PyTorch
# JOBS         test processes (default 2); each takes up to 2 GB of memory

PYTHON ?= python3
LPR_VENV ?= .venv
CONSTRAINTS ?= constraints.txt
JOBS ?= 2
BIN := $(LPR_VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
# A file's tests run in one process: they share what they have rendered and loaded.
PYTEST := $(BIN)/pytest -n $(JOBS) --dist loadfile
SOURCES := $(wildcard csrc/*) CMakeLists.txt pyproject.toml $(wildcard plugins/*/pyproject.toml) \
	training/pyproject.toml constraints.txt

.PHONY: demo test explore test-opencv5 test-lowest lint docs sanitize wheel dist benchmark clean

demo: $(LPR_VENV)/.demo
	mkdir -p out
	$(BIN)/lpr detect samples/car.jpg --format table
	$(BIN)/lpr watch samples/street.mp4 --format table --save out/street.mp4 --timeline out/street.html
	@echo "The annotated video is out/street.mp4; the page of all sightings is out/street.html"

test: $(LPR_VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(PYTEST)
	$(BIN)/lpr doctor

# New random examples for the property tests, twenty times as many: before each release.
explore: $(LPR_VENV)/.test
	$(PYTEST) -m hypothesis --hypothesis-profile=explore

# What touches OpenCV, with the other major version of it, in a folder beside the environment.
test-opencv5: $(LPR_VENV)/.opencv5
	PYTHONPATH=$(abspath $(LPR_VENV))/opencv5 $(PYTEST) tests/darknet tests/runtimes tests/source tests/sinks \
		tests/cli/test_convert.py tests/test_accuracy.py tests/test_detect.py tests/test_draw.py tests/test_pipeline.py \
		tests/test_samples.py plugins/lpr-onnx plugins/lpr-torch

$(LPR_VENV)/.opencv5: $(LPR_VENV)/.test
	$(PIP) install --no-deps --upgrade --target $(LPR_VENV)/opencv5 'opencv-contrib-python-headless>=5,<6'
	touch $@

$(LPR_VENV)/bin/python:
	$(PYTHON) -m venv $(LPR_VENV)

$(LPR_VENV)/.demo: $(LPR_VENV)/bin/python $(SOURCES)
	$(PIP) install -c $(CONSTRAINTS) -e . ./plugins/lpr-onnx
	touch $@

$(LPR_VENV)/.test: $(LPR_VENV)/.demo
	SKBUILD_CMAKE_DEFINE=LPR_DEVELOPMENT=ON \
	$(PIP) install -c $(CONSTRAINTS) -e '.[dev,docs,examples]' -e plugins/lpr-onnx -e plugins/lpr-torch \
		-e 'plugins/lpr-store[parquet,postgresql]' -e plugins/lpr-serve -e plugins/lpr-openvino -e plugins/lpr-rapidocr -e plugins/lpr-tesseract -e plugins/lpr-yolo-onnx -e plugins/lpr-region-example \
		-e plugins/lpr-model-seed-resnet18-2222-64 -e plugins/lpr-model-tw-light-int8 -e plugins/lpr-model-tw-accurate \
		-e 'training[curves,torch]'
	$(PIP) install --no-deps 'rapidocr>=3.4'
	touch $@

lint: $(LPR_VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/mypy

docs: $(LPR_VENV)/.test
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "The site is out/site/index.html"

sanitize: $(LPR_VENV)/.test
	bash csrc/sanitize.sh $(abspath $(BIN)/python)

wheel: $(LPR_VENV)/bin/python
	bash tests/wheel.sh $(abspath $(BIN)/python)

# The lowest versions of the dependencies, with the wheel that the target before has built.
test-lowest: wheel $(LPR_VENV)/.uv
	bash tests/lowest.sh $(abspath $(BIN)/python) $(abspath $(LPR_VENV)/uv/bin/uv)

$(LPR_VENV)/.uv: $(LPR_VENV)/bin/python
	$(PIP) install --upgrade --target $(LPR_VENV)/uv uv
	touch $@

# Every distribution as an index wants it, in dist/; CONTRIBUTING.md says how a release is made.
dist: $(LPR_VENV)/.release
	bash .ci/release/dist.sh $(abspath $(LPR_VENV)/release/bin/python)

$(LPR_VENV)/.release:
	$(PYTHON) -m venv $(LPR_VENV)/release
	$(LPR_VENV)/release/bin/python -m pip install -q build check-wheel-contents twine
	touch $@

benchmark: $(LPR_VENV)/.test
	$(BIN)/python benchmarks/kernels.py
	$(BIN)/python benchmarks/pipeline.py

clean:
	rm -rf build out $(LPR_VENV)/.demo $(LPR_VENV)/.test
