# lpr with OpenCV's CUDA DNN. From the checkout: docker build -f docs/cuda.Dockerfile -t lpr-cuda .
FROM nvidia/cuda:12.8.1-cudnn-devel-ubuntu24.04
ARG CUDA_ARCH_BIN=9.0
RUN apt-get update && apt-get install -y --no-install-recommends \
        build-essential cmake git ninja-build python3-dev python3-venv \
    && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/lpr
ENV PATH=/opt/lpr/bin:$PATH
RUN ENABLE_HEADLESS=1 ENABLE_CONTRIB=1 \
    CMAKE_ARGS="-DWITH_CUDA=ON -DWITH_CUDNN=ON -DOPENCV_DNN_CUDA=ON -DCUDA_ARCH_BIN=${CUDA_ARCH_BIN} -DWITH_NVCUVID=OFF -DWITH_NVCUVENC=OFF -DBUILD_LIST=core,imgproc,imgcodecs,videoio,dnn,cudev,cudaarithm,cudawarping,python3" \
    pip install --no-cache-dir --no-binary opencv-contrib-python-headless "opencv-contrib-python-headless>=4.13,<5"
COPY . /src
RUN pip install --no-cache-dir /src
ENTRYPOINT ["lpr"]
