#!/bin/sh
# A sweep of the bundled model's test scenes and its report: goes on where it was stopped.
#   scripts/sweep.sh BINARY [RUN]
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
run=${2:-$root/.build/retention}
"$root/scripts/retention.sh" "$1" "$run"
cd "$root"
"$1" report "$run"
