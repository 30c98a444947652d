#!/usr/bin/env bash
# Kills a sweep twenty times at random moments (SIGKILL), goes on with it each time, and compares with a run that nobody
# disturbed: the same rows, and the same table but for the columns of times.
#   kill_and_resume.sh VLMPRUNE [SEED]     needs the source tree's fixtures
set -euo pipefail
vlmprune=$(realpath "$1")
RANDOM=${2:-1}
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# A command and not a function: a function in the background would be a shell of its own, and the shell would be killed.
sweep=("$vlmprune" sweep --questions fixtures/questions/scenes/questions.jsonl --images fixtures/questions/scenes
  --strategies hiprune,fastervlm --keep 64,25% --limit 400 --format csv)

# Rows and table without times.
rows() { sed -E 's/"[a-z_]+_ms":[0-9.e+-]+,?//g' "$1/rows.jsonl"; }
table() {
  awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) keep[i] = $i !~ /_ms\r?$/ }
    { for (i = 1; i <= NF; i++) if (keep[i]) printf "%s,", $i; print "" }' "$1/results.csv"
}

"${sweep[@]}" --out "$scratch/whole" > /dev/null 2>&1
kills=0
while [ "$kills" -lt 20 ]; do
  "${sweep[@]}" --out "$scratch/killed" > /dev/null 2>&1 &
  child=$!
  sleep "0.$((RANDOM % 9))$((RANDOM % 10))"
  # A run that has ended by itself has nothing left to kill: it starts again.
  if kill -KILL "$child" 2> /dev/null; then
    wait "$child" 2> /dev/null || true
    kills=$((kills + 1))
    echo "killed $kills: $(wc -l < "$scratch/killed/rows.jsonl" 2> /dev/null || echo 0) whole rows"
  else
    wait "$child" || true
    rm -rf "$scratch/killed"
  fi
done
"${sweep[@]}" --out "$scratch/killed" > /dev/null 2>&1
cmp <(rows "$scratch/whole") <(rows "$scratch/killed")
cmp <(table "$scratch/whole") <(table "$scratch/killed")
echo "the rows and the table are the same"
