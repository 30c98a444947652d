#!/bin/sh
# Asks the bundled model about a bundled picture from 64 of 576 visual tokens, and draws what was kept.
set -eu

binary=$1
root=$(cd "$(dirname "$0")/.." && pwd)
picture=$root/fixtures/images/scene.png
overlay=kept.png
question="What is written on the blue circle?"

echo "picture:  fixtures/images/scene.png"
echo "question: $question"
printf 'answer:   '
"$binary" ask "$picture" -q "$question" --strategy hiprune --keep 64 --overlay "$overlay"
echo "overlay:  $overlay"
