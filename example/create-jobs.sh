#!/bin/sh
# Puts ten jobs into a project's queue: one file each, nothing else.  usage: create-jobs.sh [PROJECT]
here=$(cd "$(dirname "$0")" && pwd)
project="${FJR_HOME:-$HOME/.fjr}/${1:-default}"
mkdir -p "$project/jobqueue"

for i in 1 2 3 4 5 6 7 8 9 10; do
  # Written beside and then moved: the queue never sees half a file. (A plain cp works, too.)
  cat > "$project/jobqueue/.job$i" <<EOF
[fjr]
executable: sh "$here/a-job.sh"
logfile: $project/results/job$i.dat

[params]
param1: value$i
EOF
  mv "$project/jobqueue/.job$i" "$project/jobqueue/job$i.conf"
done
