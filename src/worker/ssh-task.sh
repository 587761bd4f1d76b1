#!/bin/sh
# Runs one task on another host:
#
#   ssh-task.sh DIRECTORY MARK HOST SSH-ARGUMENT...
#
# DIRECTORY is ours alone. FJR_PARTS in the environment says how many variables FJR_PART_1 … hold what is sent behind
# far-task.sh, which explains the exit codes; 255: the connection failed or was cut, and standard error says why.
#
# The connection's input is kept open for as long as the task may run: when we are gone, however, the other side sees it
# end. ssh is in a session of its own, since a signal is for the task, and told to it: a shared connection's client would
# end at once.
set -u
directory=$1 mark=$2 host=$3
shift 3
name=$directory/$$

fail() {
    echo "fjr: $host: $1" >&2
    if [ -s "$name.log" ]; then cat "$name.log" >&2; fi
    rm -f "$name.log"
    exit 255
}

command -v ssh >/dev/null || fail 'ssh is not installed here'
mkfifo -m 600 "$name.in" "$name.out" "$name.err" || fail "cannot use the directory $directory"

# What comes before the mark is what login shells print; it is shown only if nothing else comes.
after_mark() {
    trap '' TERM
    last=
    while IFS= read -r line; do
        if [ "$line" = "$mark" ]; then exec cat; fi
        [ -z "$line" ] || last=$line
    done
    [ -z "$last" ] || echo "$last" >&2
    exit 1
}
after_mark <"$name.out" &
out=$!
after_mark <"$name.err" >&2 &
err=$!

exec 3<>"$name.in" 4<"$name.in"
send() {
    trap '' TERM
    nap=
    trap 'kill $nap; exit' USR1
    cat "${0%/*}/far-task.sh"
    part=0
    while [ "$part" -lt "$FJR_PARTS" ]; do
        part=$((part + 1))
        eval "printf %s \"\$FJR_PART_$part\""
    done
    while kill -0 $$ && echo; do
        sleep 3 &
        nap=$!
        wait "$nap"
    done
}
send >&3 4<&- 2>/dev/null &
sender=$!

# A connection stays for later tasks: it must not have the secrets of this one, nor look like a process of it.
part=0
while [ "$part" -lt "$FJR_PARTS" ]; do
    part=$((part + 1))
    unset "FJR_PART_$part"
done
unset FJR_TOKEN
trap 'echo stop >&3' TERM
setsid ssh -E "$name.log" "$@" 'exec /bin/sh' <&4 >"$name.out" 2>"$name.err" 3>&- 4<&- &
ssh=$!
exec 4<&-
until wait "$ssh" 2>/dev/null; code=$?; ! kill -0 "$ssh" 2>/dev/null; do :; done
kill -USR1 "$sender"
rm -f "$name.in" "$name.out" "$name.err"
if [ "$code" -gt 128 ] && [ "$code" -ne 254 ]; then fail 'the connection failed or was cut'; fi
wait "$out" && wait "$err" || fail "its shell runs nothing for us (exit code $code)"
rm -f "$name.log"
exit "$code"
