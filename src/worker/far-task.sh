# What a host runs for one of our tasks. Its /bin/sh reads this from the connection, and behind it a call:
#
#   fjr_variables() { export NAME='VALUE'; … }
#   fjr_run MARK DIRECTORY NICE WORD...
#
# Nothing is relied upon but a POSIX shell. All that is said here before the mark is not the task's: what login shells
# print. The exit code is the task's own up to 128; 254 stands for what is told in the last line of standard error, since
# ssh has eight bits for everything, and 255 for itself; 255: the task was killed because nothing was heard any more.
#
# The connection's input tells the watcher, which is in a session of its own, whether somebody is still there: a line
# every few seconds, "stop" for SIGTERM. When it ends, or no line comes, the task's whole process group is killed.

# The watcher: GROUP SHELL PATH. Of a process that waits for nothing but a line, seconds are counted by another.
fjr_watch='
PATH=$3
end() { kill "-$1" "-$group" || kill "-$1" "$group"; }
await_line() {
    (
        trap "kill \$nap; exit" TERM
        sleep 12 & nap=$!
        wait "$nap"
        kill -USR2 "$shell"
        end KILL
    ) & timer=$!
}
group=$1 shell=$2
await_line
while IFS= read -r line; do
    kill "$timer"
    await_line
    if [ "$line" = stop ]; then kill -USR1 "$shell"; end TERM; end CONT; fi
done
kill "$timer"
end KILL
'

# The first process of the task group: WATCHER SHELL SETSID PATH NICE DIRECTORY NICENESS WORD... It becomes the task.
# The watcher is no child of it: a program may wait for whatever children it has.
fjr_lead='
echo "$$" >&6
( $3 /bin/sh -c "$1" watch "$$" "$2" "$4" <&3 >/dev/null 2>&1 6>&- & )
nice=$5 directory=$6 niceness=$7
shift 7
case $directory in
    "") ;;
    "~" | "~/"*) cd "$HOME${directory#"~"}" ;;
    *) cd -- "$directory" ;;
esac 2>/dev/null || { echo "cannot enter $directory" >&6; exit 127; }
command -v "$1" >/dev/null 2>&1 || { echo "cannot run $1: not found" >&6; exit 127; }
exec 3<&- 6>&-
[ -z "$nice" ] || set -- "$nice" -n "$niceness" "$@"
exec "$@"
'

# Variables last: one that is called PATH, say, counts for the task alone.
fjr_become() {
    set -- $fjr_setsid /bin/sh -c "$fjr_lead" sh "$fjr_watch" "$$" "$fjr_setsid" "$PATH" "$fjr_nice" "$@"
    fjr_variables
    exec "$@"
}

fjr_run() {
    exec 3<&0 4>&1 5>&2 </dev/null
    printf '\n%s\n' "$1"
    printf '\n%s\n' "$1" >&2
    shift
    fjr_setsid=$(command -v setsid)
    fjr_nice=
    [ "$2" = 0 ] || fjr_nice=$(command -v nice)
    fjr_stopped= fjr_silent=
    trap 'fjr_stopped=1' USR1
    trap 'fjr_silent=1' USR2
    # In the foreground: a shell lets others ignore SIGINT, and says by which signal this one ended, as `wait` does not.
    fjr_note=$(
        exec 6>&1 2>&1
        (fjr_become "$@" >&4 2>&5 4>&- 5>&-)
        exit $?
    )
    fjr_code=$?
    fjr_group=${fjr_note%%[!0-9]*}
    fjr_note=${fjr_note#"$fjr_group"}
    if [ -n "$fjr_group" ]; then
        # Of a task that is told to stop a shell dies first: what it had started has the rest of the time.
        while [ -n "$fjr_stopped" ] && kill -0 "-$fjr_group" 2>/dev/null; do sleep 1; done
        kill -KILL "-$fjr_group" 2>/dev/null
    fi
    [ -z "$fjr_silent" ] || exit 255
    fjr_end $((fjr_code > 256 ? fjr_code - 128 : fjr_code)) ${fjr_note:+"$fjr_note"}
}

# CODE NOTE: the note is what went wrong before the task, or a shell's word for a signal.
fjr_end() {
    case ${2-} in
        *cannot*) fjr_tell "failed ${2#?}" ;;
    esac
    [ "$1" -gt 128 ] || exit "$1"
    # Dash and its like have a word for each signal but these two, bash has none.
    if [ "$1" -le 192 ] && [ -n "${2-}${BASH_VERSION-}" -o "$1" = 130 -o "$1" = 141 ]; then
        fjr_tell "signal $(($1 - 128))"
    fi
    fjr_tell "exit $1"
}

fjr_tell() {
    printf '\nfjr: %s\n' "$1" >&2
    exit 254
}
