#!/bin/bash
#SBATCH --job-name=vlmprune-sweep
#SBATCH --array=1-8
#SBATCH --cpus-per-task=4
#SBATCH --requeue
# One shard of a sweep a task of the array, numbered from 1:
#   sbatch --array=1-8 slurm_sweep.sh RUNS --questions Q.jsonl --images DIR --strategies … --keep …
# RUNS is a folder on a file system that all nodes see. A shard that was cut off goes on where it stopped.
# Then: vlmprune merge RUNS/shard-* --out RUN
set -euo pipefail

runs=${1:?the folder of runs}
shift
count=${SLURM_ARRAY_TASK_COUNT:?run it by sbatch, with --array}
number=$((SLURM_ARRAY_TASK_ID - SLURM_ARRAY_TASK_MIN + 1))
mkdir -p "$runs"
exec "${VLMPRUNE:-vlmprune}" sweep --shard "$number/$count" --threads "${SLURM_CPUS_PER_TASK:-1}" \
  --out "$runs/shard-$number-of-$count" "$@"
