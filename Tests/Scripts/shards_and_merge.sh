#!/usr/bin/env bash
# Two shards of a sweep in two processes, merged, beside the run of one process: the same rows and the same table.
#   shards_and_merge.sh VLMPRUNE     needs the source tree's fixtures
set -euo pipefail
vlmprune=$(realpath "$1")
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

sweep() {
  "$vlmprune" sweep --questions fixtures/questions/scenes/questions.jsonl --images fixtures/questions/scenes \
    --strategies hiprune,fopru --keep 25%,11% --limit 80 --threads 1 "$@" 2> /dev/null
}

sweep --out "$scratch/whole" --format csv > /dev/null
sweep --out "$scratch/one" --shard 1/2 > /dev/null &
sweep --out "$scratch/two" --shard 2/2 > /dev/null &
wait
"$vlmprune" merge "$scratch/two" "$scratch/one" --out "$scratch/merged"
times='s/"[a-z_]+_ms":[0-9.e+-]+,?//g'
cmp <(sed -E "$times" "$scratch/whole/rows.jsonl") <(sed -E "$times" "$scratch/merged/rows.jsonl")
for run in whole merged; do
  "$vlmprune" statistics "$scratch/$run/rows.jsonl" --at-least 95% > "$scratch/$run.txt"
done
cmp "$scratch/whole.txt" "$scratch/merged.txt"
cat "$scratch/merged.txt"
echo "the rows and the figures are the same"
