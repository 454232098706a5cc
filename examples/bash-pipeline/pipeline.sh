#!/usr/bin/env bash
# A pipeline that cleans up after itself: three children in parallel under a run of its own; Ctrl-C or SIGTERM cancels
# them all, down to the last grandchild; killed with SIGKILL, it leaves a tree that the root still commands.
#
#   PIPELINE_APP       the root (pipeline); made at the first run
#   PIPELINE_TIMEOUT   seconds to wait for the children (3600)
set -euo pipefail

app=${PIPELINE_APP:-pipeline}
waiter=
unset TRAILS_CHILD_ID # one that this shell was born with is not ours to cancel

cancel_run() {
    [ -z "${TRAILS_CHILD_ID-}" ] || trails cancel --cascade --uuid "$TRAILS_CHILD_ID" --reason "$1" --yes >&2 || true
}

stop() {
    trap '' INT TERM
    [ -z "$waiter" ] || kill "$waiter" 2>/dev/null || true
    printf 'pipeline: SIG%s: cancelling the run and everything below it\n' "$1" >&2
    cancel_run "pipeline.sh got SIG$1"
    exit "$2"
}
trap 'stop INT 130' INT
trap 'stop TERM 143' TERM
results=$(mktemp)
trap 'rm -f "$results"' EXIT

trails init-app "$app" >&2 # finishes what an earlier start left half-done, or changes nothing
trails use "$app"
eval "$(trails run --name "run-$(date +%FT%H%M%S)")" # when this fails, what it prints ends the script

for step in extract transform load; do
    trails child-info --name "$step" | kubectl run "$step" >&2 || {
        trails error "could not start $step" || true
        cancel_run "could not start $step"
        exit 1
    }
done

# In the background, so that a signal is heard while it waits.
trails wait --parent "$TRAILS_CHILD_ID" --all --timeout "${PIPELINE_TIMEOUT:-3600}" --progress >"$results" &
waiter=$!
code=0
wait "$waiter" || code=$?
waiter=

case $code in
0) trails result "$(cat "$results")" ;;
3) cancel_run 'out of time' ;;
4) printf 'pipeline: a step was cancelled\n' >&2 ;;
69) printf 'pipeline: the server went away; "trails use %s; trails tree" shows how far it got\n' "$app" >&2 ;;
*) trails error 'not every step succeeded' --detail "$(cat "$results")" || true ;;
esac
cat "$results"
exit "$code"
