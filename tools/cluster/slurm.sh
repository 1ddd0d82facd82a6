#!/bin/sh
# A campaign as a Slurm job array, merged when every shard has finished.
#
#   tools/cluster/slurm.sh SPEC.yaml SHARDS FOLDER [sbatch options, such as --partition=long --cpus-per-task=16]
#
# A shard that is killed (time limit, preemption) goes on from its records when it is queued again: submit the same
# line once more, finished shards end at once. DRIFT names the program, by default `drift` on PATH.
set -eu
[ $# -ge 3 ] || { sed -n '2,7p' "$0" >&2; exit 2; }
spec=$(realpath "$1") shards=$2
mkdir -p "$3"
folder=$(realpath "$3")
shift 3
drift=${DRIFT:-$(command -v drift)} || { echo "drift is not on PATH; set DRIFT" >&2; exit 2; }
drift=$(realpath "$drift")

array=$(sbatch --parsable --requeue --array="1-$shards" --job-name=drift-campaign \
    --output="$folder/shard-%a.log" --open-mode=append "$@" <<JOB
#!/bin/sh
exec "$drift" campaign "$spec" --shard "\$SLURM_ARRAY_TASK_ID/$shards" \\
    --threads "\${SLURM_CPUS_PER_TASK:-1}" --out "$folder/shard-\$SLURM_ARRAY_TASK_ID.jsonl"
JOB
)
files=$(seq -f "\"$folder/shard-%g.jsonl\"" 1 "$shards" | tr '\n' ' ')
merge=$(sbatch --parsable --dependency="afterok:$array" --job-name=drift-merge --output="$folder/merge.log" "$@" <<JOB
#!/bin/sh
exec "$drift" merge --out "$folder/merged.jsonl" $files
JOB
)
echo "array $array, merge $merge; records in $folder/merged.jsonl"
