# lpr with OpenCV's CUDA DNN. From the checkout: docker build -f docs/cuda.Dockerfile -t lpr-cuda .
# The first stage compiles OpenCV; the second takes CUDA's libraries from PyPI, as the wheel asks.
FROM nvidia/cuda:13.0.1-devel-ubuntu24.04 AS opencv
ARG CUDA_ARCH_BIN=9.0
ARG JOBS=2
RUN apt-get update && apt-get install -y --no-install-recommends build-essential python3-dev python3-venv \
    && rm -rf /var/lib/apt/lists/*
COPY docs/opencv_cuda.sh /
RUN CUDA_ARCH_BIN=${CUDA_ARCH_BIN} JOBS=${JOBS} bash /opencv_cuda.sh /build

FROM ubuntu:24.04
RUN apt-get update && apt-get install -y --no-install-recommends g++ python3-dev python3-venv \
    && rm -rf /var/lib/apt/lists/* && python3 -m venv /opt/lpr
ENV PATH=/opt/lpr/bin:$PATH
COPY --from=opencv /build/dist /wheels
COPY . /src
RUN pip install --no-cache-dir /wheels/*.whl && pip install --no-cache-dir /src
ENTRYPOINT ["lpr"]
