#!/bin/sh
# Fails if files of one module name each other's types in a circle, unless scripts/allowed_cycles.txt says why they may.
# Such files can only be read together. Comments and strings do not count, nor do nested and private types.
#   scripts/check_cycles.sh [--explain]     --explain: also which file names what
set -eu

cd "$(dirname "$0")/.."
explain=0
[ "${1:-}" != "--explain" ] || explain=1

# The C locale: awk then reads bytes, which is fast, and sort has one order.
LC_ALL=C
export LC_ALL
found=$(find Sources -name '*.swift' | sort | xargs awk -v explain="$explain" -f scripts/cycles.awk)
if [ "$explain" = 1 ]; then
  [ -z "$found" ] || printf '%s\n' "$found"
  exit 0
fi

printf '%s\n' "$found" | awk '
  list == "allowed" {
    if ($0 ~ /^#/ || $0 == "") next
    at = index($0, " -- ")
    if (!at || at + 4 > length($0)) { print "error: an allowed cycle has no reason: " $0; bad = 1; next }
    allowed[substr($0, 1, at - 1)] = 1
    next
  }
  $0 == "" { next }
  $0 in allowed { delete allowed[$0]; next }
  { print "error: files name each other in a circle: " $0; bad = 1 }
  END {
    for (cycle in allowed) { print "error: this allowed cycle is no more: " cycle; bad = 1 }
    if (!bad) exit 0
    print "hint: scripts/check_cycles.sh --explain says who names what; scripts/allowed_cycles.txt lists what may stay"
    exit 1
  }
' list=allowed scripts/allowed_cycles.txt list=found - >&2
