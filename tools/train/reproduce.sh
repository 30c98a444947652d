#!/bin/sh
# Draws the data, trains, exports and evaluates, all in one go:
#   reproduce.sh RUN WORK EASY_VQA_TARBALL MODEL
# RUN is "full", "wordings" or "smoke"; WORK holds pictures and checkpoints; the export replaces the folder MODEL.
# "wordings" starts from the weights that MODEL holds, copied into WORK first.
# A second call with the same WORK continues where the first was cut off.
set -eu
[ $# -eq 4 ] || { sed -n 2,6p "$0" >&2; exit 2; }
run=$1 work=$2 easy=$3 model=$4
here=$(dirname "$0")
scenes=$here/../../fixtures/questions/scenes
python=${PYTHON:-python3}

mkdir -p "$work"
set --
if [ "$run" = wordings ]; then
    [ -d "$work/start" ] || cp -R "$model" "$work/start"
    set -- --start "$work/start"
fi
# Training needs only the first shards, so drawing goes on beside it.
"$python" "$here/data.py" --run "$run" --data "$work/data" --easy-vqa "$easy" &
drawing=$!
trap 'kill $drawing 2>/dev/null || true' EXIT
# A frozen tower looks once at what is drawn by then.
[ "$run" != wordings ] || wait $drawing
"$python" "$here/train.py" --run "$run" --data "$work/data" --out "$work/run" "$@"
checkpoint=$work/run/checkpoint.pt
if [ "$run" = wordings ]; then
    checkpoint=$work/run/blended.pt
    "$python" "$here/blend.py" --start "$work/start" --checkpoint "$work/run/checkpoint.pt" --share 0.9 --out "$checkpoint"
fi
"$python" "$here/export.py" --checkpoint "$checkpoint" --tokenizer "$work/run/tokenizer.json" --out "$model"
"$python" "$here/evaluate.py" --model "$model" --questions "$scenes/questions.jsonl" --images "$scenes"
