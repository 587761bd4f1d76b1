#!/bin/sh
# Runs one task in a container, with any engine that has docker's command line:
#
#   container.sh ENGINE NAME RUN PULL IMAGE SERVER USER ARCHIVE ARGUMENT...
#
# On each host the image is pulled once for each run, before its first task, or loaded from ARCHIVE. The arguments are
# those of `ENGINE run` behind --name. The environment holds what must not stand on a command line: FJR_CONTAINER_ENV, the
# task's variables, a line each, and FJR_REGISTRY_PASSWORD.
#
# A killed `docker run` leaves its container running. So a watcher, in a session of its own where no signal for the task
# reaches it, removes the container, and what a login left, once this process is gone, however it went. If the engine has
# not told of one it looks for a while: a slow engine may make a container for somebody who is gone.
set -u
engine=$1 name=$2 state=${TMPDIR:-/tmp}/fjr-$(id -u)-containers/$3 pull=$4 image=$5 server=$6 user=$7 archive=$8
shift 8

complain() { echo "fjr: $*" >&2; kill "$watcher"; exit 125; }

is_there() { "$engine" image inspect "$image" >/dev/null 2>&1; }

load_image() {
    is_there && return 0
    "$engine" load --input "$archive" >/dev/null || return 1
    is_there || { echo "fjr: $archive does not hold it" >&2; return 1; }
}

pull_image() {
    if [ "$pull" = load ]; then load_image; return; fi
    if [ "$pull" = missing ] && is_there; then return 0; fi
    login=
    if [ -n "$user" ]; then
        # Of its own and for a moment: the user's own logins are not touched, and none is left behind.
        login=$state/login.$$
        mkdir "$login" || return 1
        DOCKER_CONFIG=$login REGISTRY_AUTH_FILE=$login/auth.json
        export DOCKER_CONFIG REGISTRY_AUTH_FILE
        # Without a server it is the engine's own: then the word must not be there at all.
        printf %s "$FJR_REGISTRY_PASSWORD" |
            "$engine" login --username "$user" --password-stdin ${server:+"$server"} >/dev/null 2>"$state/trouble" ||
            { cat "$state/trouble" >&2; rm -rf "$login"; return 1; }
    fi
    "$engine" pull "$image" >/dev/null
    code=$?
    if [ -n "$login" ]; then rm -rf "$login"; unset DOCKER_CONFIG REGISTRY_AUTH_FILE; fi
    return $code
}

# When a process began, to tell it from a later one with its number.
began() { read -r stat 2>/dev/null <"/proc/$1/stat" && set -- ${stat##*) } && echo "${20}"; }
began_here=$(began $$)
setsid /bin/sh -c '
    began() { read -r stat 2>/dev/null <"/proc/$1/stat" && set -- ${stat##*) } && echo "${20}"; }
    while [ "$(began "$1")" = "$2" ]; do sleep 0.2; done
    rm -rf "$5"
    "$3" rm -f -v "$4"
    if [ -s "$6" ]; then exec rm -f "$6"; fi
    # Nobody is to take it for a process of the task any longer.
    unset FJR_TOKEN
    exec /bin/sh -c "$7" later "$3" "$4"' \
    watcher $$ "$began_here" "$engine" "$name" "$state/login.$$" "$state/made.$name" '
    for pause in 1 4 15 40; do
        sleep "$pause"
        [ -z "$("$1" rm -f -v "$2")" ] || exit
    done' </dev/null >/dev/null 2>&1 &
watcher=$!

# Nobody else may have made them: whoever did could put an image, or a login, of theirs in the place of ours.
(umask 077 && mkdir -p "$state") && [ -O "$state" ] && [ -O "${state%/*}" ] ||
    complain "cannot use the directory $state"
if [ "$pull" != never ] && [ ! -e "$state/pulled" ]; then
    exec 9>"$state/lock" && flock 9 || complain "cannot lock $state/lock"
    if [ ! -e "$state/pulled" ]; then
        pull_image || complain "cannot get the image $image"
        : >"$state/pulled"
    fi
    exec 9>&-
fi
unset FJR_REGISTRY_PASSWORD

# The engine's program hears of it, too, and passes it on.
told=
trap 'told=1' TERM
"$engine" run --rm --init --name "$name" --cidfile "$state/made.$name" "$@" <<END
$FJR_CONTAINER_ENV
END
code=$?
# A container that ended is gone. From 125 on it may have been the engine that did.
[ "$code" -lt 125 ] || "$engine" rm -f -v "$name" >/dev/null 2>&1
if [ -z "$told" ] || [ -s "$state/made.$name" ]; then
    kill "$watcher"
    rm -f "$state/made.$name"
fi
exit "$code"
