#!/bin/sh
# A job: its last argument is its own job file, in which it finds its parameters and its log file.
conf=$1
value() { sed -n "s/^$1: *//p" "$conf"; }

sleep 0.3
echo "This was done with parameter param1:$(value param1)." > "$(value logfile)"
echo "worker $FJR_WORKER_ID ran $FJR_JOB"
