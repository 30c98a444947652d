#!/bin/sh
# Accuracy of the bundled model on its test scenes: strategies × budgets, as a Markdown table. Each run's JSON is kept in
# FOLDER, and a run that is there already is not repeated: the same command resumes.
#   scripts/retention.sh BINARY [FOLDER]
set -eu

binary=$1
root=$(cd "$(dirname "$0")/.." && pwd)
folder=${2:-$root/.build-retention}
strategies="fastervlm vtc-cls hiprune fopru globalcom2 random uniform downsample"
budgets="50% 25% 11% 5%"
scenes=$root/fixtures/questions/scenes

mkdir -p "$folder"
export binary folder scenes

# One run: strategy and budget. Written under another name first, so that a run that was cut off is not taken for a result.
one='
  strategy=$1; keep=$2
  result="$folder/$strategy-$keep.json"
  [ -s "$result" ] && exit 0
  "$binary" eval --questions "$scenes/questions.jsonl" --images "$scenes" --strategy "$strategy" --keep "$keep" \
    --threads 1 --json > "$result.part"
  mv "$result.part" "$result"
  echo "$strategy $keep" >&2
'

{
  echo none all
  for strategy in $strategies; do
    for keep in $budgets; do echo "$strategy $keep"; done
  done
} | xargs -P "$(nproc)" -n 2 sh -c "$one" sh

# "accuracy" is the first key of an object with sorted keys.
accuracy() { sed 's/^{"accuracy":\([0-9.e-]*\),.*/\1/' "$folder/$1-$2.json"; }

dense=$(accuracy none all)
questions=$(sed 's/.*"metric":"[a-z]*","n":\([0-9]*\),.*/\1/' "$folder/none-all.json")
echo "Dense: $(awk "BEGIN { printf \"%.1f\", 100 * $dense }") % of $questions questions, 576 visual tokens."
echo "Cells: accuracy %, in brackets the share of the dense accuracy that is left."
echo
printf '| strategy |'
for keep in $budgets; do printf ' %s |' "$keep"; done
printf '\n|---|'
for keep in $budgets; do printf -- '---|'; done
echo
for strategy in $strategies; do
  printf '| %s |' "$strategy"
  for keep in $budgets; do
    awk "BEGIN { a = $(accuracy "$strategy" "$keep"); printf \" %.1f (%.1f) |\", 100 * a, 100 * a / $dense }"
  done
  echo
done
