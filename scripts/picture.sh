#!/bin/sh
# Draws docs/strategies.png: what four strategies keep of three test scenes, 64 of 576 tokens. Needs ImageMagick's
# montage.
#   scripts/picture.sh BINARY
set -eu

binary=$1
root=$(cd "$(dirname "$0")/.." && pwd)
scenes="0003 0007 0012"
strategies="fastervlm hiprune fopru random"

if ! command -v montage >/dev/null 2>&1; then
  echo "error: montage is missing" >&2
  echo "hint: apt-get install imagemagick" >&2
  exit 1
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

tiles=""
for scene in $scenes; do
  for strategy in $strategies; do
    tile=$folder/$scene-$strategy.png
    "$binary" ask "$root/fixtures/questions/scenes/$scene.png" -q "How many objects are there?" \
      --strategy "$strategy" --keep 64 --overlay "$tile" >/dev/null 2>&1
    label=""
    # shellcheck disable=SC2086 # the first scene's row carries the names
    [ "$scene" = "${scenes%% *}" ] && label=$strategy
    tiles="$tiles -label '$label' '$tile'"
  done
done
# Fewer colours: the picture is for a page, not for measuring.
eval montage $tiles -tile 4x3 -geometry 240x240+4+4 -background white -pointsize 18 "'$folder/all.png'"
convert "$folder/all.png" +dither -colors 200 "PNG8:$root/docs/strategies.png"
echo "docs/strategies.png"
