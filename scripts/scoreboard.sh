#!/bin/sh
# Every method × {50, 25, 11, 5 %} on the bundled models' test scenes and on easy-VQA, with the baselines, as tables in
# docs/scoreboard.md and a report for each run. A second call goes on where the first was stopped.
#   scripts/scoreboard.sh BINARY [FOLDER [LIMIT [OUT]]]
# LIMIT is the number of questions of each set (default 250: under an hour on two cores). EASY_VQA names the folder that
# holds easy-VQA's data/test; without it that set is skipped by name.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
binary=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
folder=${2:-$root/.build/scoreboard}
limit=${3:-250}
out=${4:-$root/docs/scoreboard.md}
budgets="50% 25% 11% 5%"
methods="fastervlm,vtc-cls,hiprune,hiprune++,fopru,globalcom2,visionzip,prumerge,vispruner,divprune,scope,holov,mmtok,\
prunesid,zoo-prune,cen-prune,textmonkey,fastv(layer=1;budget=final),pyramiddrop(budget=final),sparsevlm,sparsevlm+,\
dart(layer=1;budget=final)"
# A comma inside parentheses is an option's.
methods=$(printf %s "$methods" | tr ';' ',')

mkdir -p "$folder"
# The paths stand in the run's manifest: relative ones make runs of two checkouts comparable.
cd "$root"
draft="$folder/scoreboard.md"

# What each setting gives, from rows in the order of settings: times of an image's first question and of later ones.
# An image is encoded once for all settings, so that the dense setting's encode is everybody's.
timings() {
  awk '
    function text(key,   rest) {
      rest = $0
      if (!sub(".*\"" key "\":\"", "", rest)) return ""
      sub(/".*/, "", rest)
      return rest
    }
    function number(key,   rest) {
      rest = $0
      if (!sub(".*\"" key "\":", "", rest)) return 0
      sub(/[,}].*/, "", rest)
      return rest + 0
    }
    {
      name = text("strategy") "\t" text("keep"); image = text("image")
      if (number("encode_ms") > 0) { encode += number("encode_ms"); encoded++ }
      if (!((name, image) in seen)) {
        seen[name, image] = 1; firsts[name]++
        prune[name] += number("prune_ms")
        first[name] += number("prune_ms") + number("project_ms") + number("prefill_ms")
      } else { laters[name]++; later[name] += number("project_ms") + number("prefill_ms") }
    }
    END {
      for (name in firsts)
        printf "%s\t%.2f\t%.0f\t%.0f\n", name, prune[name] / firsts[name],
          first[name] / firsts[name] + encode / (encoded ? encoded : 1), laters[name] ? later[name] / laters[name] : 0
    }' "$1" > "$2"
}

# Rows of the questions that downsample got wrong at a budget, with the settings of that budget.
hard() {
  awk -v budget="$2" '
    function at(key, value) { return index($0, "\"" key "\":\"" value "\"") }
    function id(   rest) { rest = $0; sub(/.*"question_id":/, "", rest); sub(/,"[a-z_]+":.*/, "", rest); return rest }
    NR == FNR { if (at("strategy", "downsample") && at("keep", budget) && /"correct":false/) wrong[id()] = 1; next }
    (id() in wrong) && (at("keep", budget) || at("keep", "all"))' "$1" "$1"
}

# The overall rows of a table: strategy, keep, n, kept, accuracy, retained, its interval, p against none and random.
overall() {
  awk '
    NR == 1 { next }
    {
      # A spec with commas stands in quotes.
      if (substr($0, 1, 1) == "\"") {
        end = index($0, "\","); spec = substr($0, 2, end - 2); rest = substr($0, end + 2)
      } else { end = index($0, ","); spec = substr($0, 1, end - 1); rest = substr($0, end + 1) }
      split(rest, f, ",")
      if (f[2] != "") next
      print spec "\t" f[1] "\t" f[3] "\t" f[5] "\t" f[7] "\t" f[10] "\t" f[11] "\t" f[12] "\t" f[13] "\t" f[14]
    }' "$1"
}

tables() {
  timings "$1/rows.jsonl" "$1/times.tsv"
  overall "$1/results.csv" > "$1/overall.tsv"
  printf "| strategy | keep | kept | accuracy %% | retained %% (95 %%) | p none | p random | select ms "
  echo "| first token ms | second question ms |"
  echo "|---|---|---|---|---|---|---|---|---|---|"
  awk -F '\t' '
    NR == FNR { select_ms[$1, $2] = $3; first[$1, $2] = $4; second[$1, $2] = $5; next }
    function share(value) { return value == "" ? "–" : sprintf("%.1f", 100 * value) }
    function p(value) { return value == "" ? "–" : sprintf("%.2g", value) }
    {
      printf "| %s | %s | %.0f | %.1f | %s (%s–%s) ", $1, $2, $4, 100 * $5, share($6), share($7), share($8)
      printf "| %s | %s | %s | %s | %s |\n", p($9), p($10), select_ms[$1, $2], first[$1, $2], second[$1, $2]
    }' "$1/times.tsv" "$1/overall.tsv"
  echo
  echo "At equal time: the best accuracy of a strategy within the first-token time of \`downsample\` at each budget,"
  echo "whatever its own budget."
  echo
  echo "| strategy |$(for keep in $budgets; do printf ' as long as %s |' "$keep"; done)"
  echo "|---|---|---|---|---|"
  awk -F '\t' -v budgets="$budgets" '
    NR == FNR { first[$1, $2] = $4; next }
    { if (!($1 in known)) { known[$1] = 1; name[++names] = $1 } accuracy[$1, $2] = $5; keeps[$2] = 1 }
    END {
      count = split(budgets, budget, " ")
      for (n = 1; n <= names; n++) {
        if (name[n] == "none") continue
        printf "| %s |", name[n]
        for (b = 1; b <= count; b++) {
          best = -1
          for (keep in keeps) {
            if (!((name[n], keep) in accuracy) || first[name[n], keep] > first["downsample", budget[b]]) continue
            if (accuracy[name[n], keep] > best) { best = accuracy[name[n], keep]; with = keep }
          }
          if (best < 0) printf " – |"; else printf " %.1f (%s) |", 100 * best, with
        }
        print ""
      }
    }' "$1/times.tsv" "$1/overall.tsv"
}

# NAME MODEL QUESTIONS IMAGES
board() {
  run="$folder/$1"
  "$binary" sweep --model "$2" --questions "$3" --images "$4" --strategies "$methods" \
    --keep "$(echo "$budgets" | tr ' ' ,)" --limit "$limit" --out "$run" --format csv > /dev/null
  "$binary" report "$run" > /dev/null
  {
    echo; echo "## $1"; echo
    tables "$run"
    for keep in $budgets; do
      hard "$run/rows.jsonl" "$keep" > "$run/hard.jsonl"
      echo; echo "Hard at $keep: the questions that \`downsample\` answers wrong there."; echo
      if [ -s "$run/hard.jsonl" ] && "$binary" statistics "$run/hard.jsonl" > "$run/hard.txt" 2> /dev/null; then
        echo '```'; cut -c1-200 "$run/hard.txt"; echo '```'
      else
        echo "There are none."
      fi
    done
  } >> "$draft"
}

{
  echo "# Scoreboard"; echo
  echo "Written by \`make scoreboard\` (at most $limit questions a set; $("$binary" --version | head -1))."; echo
  echo "Methods inside the decoder cut after the first block, and their budget is what is left at the end; \`kept\` is"
  echo "the mean over blocks for all. Both models read pictures at one size, so that resizing before pruning changes"
  echo "nothing they pay for (\`--max-visual-tokens\` refuses them by name); \`downsample\` is that baseline here."
} > "$draft"
for model in shapes-llava shapes-next; do
  board "$model-scenes" "fixtures/models/$model" fixtures/questions/scenes/questions.jsonl fixtures/questions/scenes
  if [ -n "${EASY_VQA:-}" ] && [ -f "$EASY_VQA/data/test/questions.json" ]; then
    board "$model-easy-vqa" "fixtures/models/$model" "$EASY_VQA/data/test/questions.json" "$EASY_VQA/data/test/images"
  else
    echo "easy-vqa is skipped: EASY_VQA names no folder with data/test/questions.json" >&2
  fi
done
mv "$draft" "$out"
# One page that leads to the runs' reports.
{
  echo '<!doctype html><html lang="en"><meta charset="utf-8"><title>Scoreboard</title><h1>Scoreboard</h1><ul>'
  for run in "$folder"/*/; do
    name=$(basename "$run"); [ -f "$run/report.html" ] && echo "<li><a href=\"$name/report.html\">$name</a></li>"
  done
  echo '</ul></html>'
} > "$folder/index.html"
echo "$out and $folder/index.html"
