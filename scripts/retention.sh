#!/bin/sh
# Accuracy of a bundled model on the test scenes: strategies × budgets, as a Markdown table. The rows are kept in RUN:
# a second call goes on where the first was stopped, and `vlmprune report RUN` draws them.
#   scripts/retention.sh BINARY [RUN [MODEL_FOLDER [STRATEGIES]]]
# STRATEGIES are names or specs between commas, as `sweep --strategies` takes them.
set -eu

binary=$1
root=$(cd "$(dirname "$0")/.." && pwd)
run=${2:-$root/.build/retention}
strategies=${4:-fastervlm,vtc-cls,hiprune,fopru,globalcom2}
# The paths stand in the run's manifest: relative ones make runs of two checkouts comparable.
cd "$root"
"$binary" sweep ${3:+--model "$3"} --questions fixtures/questions/scenes/questions.jsonl \
  --images fixtures/questions/scenes --strategies "$strategies" \
  --keep 50%,25%,11%,5% --out "$run" --format csv > /dev/null

echo "Cells: accuracy %, in brackets the share of the dense accuracy that is left."
echo
awk -v strategies="$strategies,random,uniform,downsample" '
  NR == 1 { next }
  {
    # A spec with commas stands in quotes.
    if (substr($0, 1, 1) == "\"") { end = index($0, "\","); spec = substr($0, 2, end - 2); rest = substr($0, end + 2) }
    else { end = index($0, ","); spec = substr($0, 1, end - 1); rest = substr($0, end + 1) }
    split(rest, field, ",")
    if (field[2] != "") next
    sub(/\(.*/, "", spec)
    if (spec == "none") { printf "Dense: %.1f %% of %d questions.\n\n", 100 * field[7], field[3]; next }
    seen[spec]
    cell[spec, field[1]] = sprintf("%.1f (%.1f)", 100 * field[7], 100 * field[10])
  }
  END {
    count = split("50% 25% 11% 5%", keep, " ")
    printf "| strategy |"; for (i = 1; i <= count; i++) printf " %s |", keep[i]
    printf "\n|---|"; for (i = 1; i <= count; i++) printf "---|"
    # Options may hold commas too: what is no strategy is skipped.
    gsub(/\([^)]*\)/, "", strategies)
    rows = split(strategies, name, ",")
    for (r = 1; r <= rows; r++) {
      if (!(name[r] in seen)) continue
      printf "\n| %s |", name[r]
      for (i = 1; i <= count; i++) printf " %s |", cell[name[r], keep[i]]
    }
    print ""
  }
' "$run/results.csv"
