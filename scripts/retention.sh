#!/bin/sh
# Accuracy of the bundled model on its test scenes: strategies × budgets, as a Markdown table.
#   scripts/retention.sh BINARY [MODEL FOLDER]
set -eu

binary=$1
root=$(cd "$(dirname "$0")/.." && pwd)
scenes=$root/fixtures/questions/scenes
strategies="fastervlm,vtc-cls,hiprune,fopru,globalcom2,random,uniform,downsample"
budgets="50%,25%,11%,5%"

result=$(mktemp)
trap 'rm -f "$result"' EXIT
"$binary" sweep ${2:+--model "$2"} --questions "$scenes/questions.jsonl" --images "$scenes" \
  --strategies "$strategies" --keep "$budgets" --json > "$result"

# One row per line: a small table needs no JSON parser.
rows=$(sed 's/{"accuracy"/\n&/g' "$result")
field() { echo "$1" | sed 's/.*"'"$2"'":"\{0,1\}\([^,"}]*\).*/\1/'; }

dense=$(echo "$rows" | grep '^{"accuracy"' | head -n 1)
echo "Dense: $(awk "BEGIN { printf \"%.1f\", 100 * $(field "$dense" accuracy) }") % of $(field "$dense" n) questions."
echo "Cells: accuracy %, in brackets the share of the dense accuracy that is left."
echo
printf '| strategy |'
echo "$budgets" | tr ',' '\n' | while read -r keep; do printf ' %s |' "$keep"; done
printf '\n|---|'
echo "$budgets" | tr ',' '\n' | while read -r keep; do printf -- '---|'; done
name=""
echo "$rows" | grep '^{"accuracy"' | tail -n +2 | while read -r row; do
  next=$(field "$row" strategy)
  next=${next%%(*}
  [ "$next" = "$name" ] || printf '\n| %s |' "$next"
  name=$next
  awk "BEGIN { printf \" %.1f (%.1f) |\", 100 * $(field "$row" accuracy), 100 * $(field "$row" retained) }"
done
echo
