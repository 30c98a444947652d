#!/usr/bin/env bash
# A sweep onto a disk of 64 KiB that fills up: one clear error, whole rows; then it goes on with room. Mounts a small
# tmpfs where it may (as root); elsewhere a limit on the size of files stands for it.
#   full_disk.sh VLMPRUNE     needs the source tree's fixtures
set -euo pipefail
vlmprune=$(realpath "$1")
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
disk="$scratch/disk"
mkdir "$disk"
mounted=no
if mount -t tmpfs -o size=64k tmpfs "$disk" 2> /dev/null; then mounted=yes; fi
trap '[ $mounted = no ] || umount "$disk"; rm -rf "$scratch"' EXIT

sweep() {
  "$vlmprune" sweep --questions fixtures/questions/scenes/questions.jsonl --images fixtures/questions/scenes \
    --strategies hiprune --keep 64 --limit 120 --out "$disk/run"
}

code=0
if [ $mounted = yes ]; then
  sweep > "$scratch/out" 2> "$scratch/errors" || code=$?
else
  (ulimit -f 128; sweep) > "$scratch/out" 2> "$scratch/errors" || code=$?
fi
grep -E '^(error|hint):' "$scratch/errors"
[ "$code" = 1 ] && [ ! -s "$scratch/out" ]
[ -z "$(tail -c 1 "$disk/run/rows.jsonl")" ]
echo "exit $code, $(wc -l < "$disk/run/rows.jsonl") rows kept, the last one whole"
[ $mounted = no ] || mount -o remount,size=16m "$disk"
sweep 2> /dev/null
[ "$(wc -l < "$disk/run/rows.jsonl")" = $((120 * 5)) ]
echo "all rows are there"
