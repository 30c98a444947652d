#!/bin/sh
# Installs the libraries that vlmprune is built on (Debian packages), if they are missing. Says what it does.
#   scripts/setup.sh [MORE PACKAGES]
set -eu

packages="libopenblas-dev libdnnl-dev libpng-dev libturbojpeg0-dev $*"

missing=""
for package in $packages; do
  status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
  [ "$status" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  echo "error: these libraries are missing, and there is no apt-get to install them:$missing" >&2
  echo "hint: install OpenBLAS, oneDNN, libpng and libturbojpeg with their headers, then run make again" >&2
  exit 1
fi

# Root needs no sudo, and a bare machine has none.
as_root=""
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "error: installing$missing needs root, and there is no sudo" >&2
    echo "hint: run as root: apt-get install$missing" >&2
    exit 1
  fi
  as_root="sudo"
fi

echo "installing$missing (apt-get)"
# Package lists are empty on a fresh machine, and the installation must not ask questions.
$as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q
# shellcheck disable=SC2086 # a list of names
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
