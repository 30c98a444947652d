#!/bin/bash
#SBATCH --job-name=vlmprune-batch
#SBATCH --array=1-8
#SBATCH --cpus-per-task=4
#SBATCH --requeue
# One part of a batch's lines a task of the array:
#   sbatch --array=1-8 slurm_batch.sh LINES.jsonl PARTS [options of vlmprune batch]
# PARTS is a folder on a file system that all nodes see. A part that is there already is not made again: the same
# command repeats what failed. Then: merge_batch.py LINES.jsonl PARTS/*.jsonl --out ANSWERS.jsonl
set -euo pipefail

lines=${1:?the file of lines} parts=${2:?the folder of parts}
shift 2
count=${SLURM_ARRAY_TASK_COUNT:?run it by sbatch, with --array}
index=$((SLURM_ARRAY_TASK_ID - SLURM_ARRAY_TASK_MIN))
out=$(printf '%s/part-%05d-of-%05d.jsonl' "$parts" $((index + 1)) "$count")
[ ! -e "$out" ] || exit 0
mkdir -p "$parts"

# Contiguous parts: lines about one picture stay together. A requeued task writes its own unfinished file anew.
total=$(awk 'END { print NR }' "$lines")
awk -v first=$((total * index / count)) -v last=$((total * (index + 1) / count)) \
  'NR > first && NR <= last' "$lines" \
  | "${VLMPRUNE:-vlmprune}" batch --threads "${SLURM_CPUS_PER_TASK:-1}" --out "$out.unfinished" "$@"
mv "$out.unfinished" "$out"
