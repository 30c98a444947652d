#!/bin/sh
# Installs a peer into HOME (.build-peers when left out) and turns CHECKPOINT into its format. What is there is kept.
#   tools/peers/install.sh transformers|openvino|llamacpp CHECKPOINT [HOME]
set -eu

peer=${1:-none}
tools=$(cd "$(dirname "$0")" && pwd)
home=${3:-$tools/../../.build-peers}
llama_cpp_python=0.3.36

if [ ! -e "$tools/requirements-$peer.txt" ] || [ ! -e "${2:-none}/config.json" ]; then
  echo "usage: install.sh transformers|openvino|llamacpp CHECKPOINT [HOME]" >&2
  exit 2
fi
checkpoint=$(cd "$2" && pwd)
models=$home/models/$(basename "$checkpoint")
folder=$home/$peer
mkdir -p "$models"

install_llamacpp() {
  # The package of the Python bindings carries llama.cpp's whole source.
  "$folder/bin/pip" download -q --no-deps --no-binary llama-cpp-python -d "$folder" \
    "llama-cpp-python==$llama_cpp_python"
  mkdir -p "$folder/source"
  tar xzf "$folder"/llama_cpp_python-*.tar.gz -C "$folder/source" --strip-components=1
  PATH=$folder/bin:$PATH cmake -S "$folder/source/vendor/llama.cpp" -B "$folder/build" -G Ninja \
    -DCMAKE_BUILD_TYPE=Release -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_TESTS=OFF \
    -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF
  "$folder/bin/cmake" --build "$folder/build" --target llama-bench
}

# Named "installed" at the end, so that an installation that was cut off is not taken for one.
if [ ! -e "$folder/installed" ]; then
  [ -x "$folder/bin/python" ] || python3 -m venv "$folder"
  "$folder/bin/pip" install -r "$tools/requirements-$peer.txt"
  # torchvision comes along for another build of torch, fails to load, and nothing here needs it.
  [ "$peer" != openvino ] || "$folder/bin/pip" uninstall -q -y torchvision
  [ "$peer" != llamacpp ] || install_llamacpp
  touch "$folder/installed"
fi

# The checkpoint in the peer's format, under its final name when it is whole.
case $peer in
  openvino)
    if [ ! -e "$models/openvino-int8" ]; then
      "$folder/bin/optimum-cli" export openvino -m "$checkpoint" --task image-text-to-text --weight-format int8 \
        "$models/openvino.part"
      mv "$models/openvino.part" "$models/openvino-int8"
    fi
    ;;
  llamacpp)
    if [ ! -e "$models/q8_0.gguf" ]; then
      "$folder/bin/python" "$tools/make_gguf.py" "$checkpoint" "$models/gguf.part"
      mv "$models/gguf.part" "$models/q8_0.gguf"
    fi
    ;;
esac
