# Read by bash before a script (BASH_ENV): strikes when the script, whose text stays as it is, has come to a command.
#
#   CRON_TRACE    a file that gets a line for each command which is about to be executed: the exit codes of the
#                 pipeline before it, a tab, the command
#                 (CRON_TRACE.session gets the number of the script's session)
#   CRON_AT       the number of the command to strike at, or how it begins
#   CRON_STRIKE   script   SIGKILL to the shell itself: what it has started goes on
#                 group    SIGKILL to the shell and all it has started, CRON_DELAY seconds later
#                 server   SIGKILL to the process CRON_SERVER; its end is waited for

case $0 in
*/nightly_etl*.sh) ;;
*) return ;; # a bash that the script has started
esac
unset BASH_ENV
echo $$ >"$CRON_TRACE.session"

cron_strike() {
    case $CRON_STRIKE in
    script) kill -9 $$ ;;
    group) (sleep "$CRON_DELAY" && kill -9 -- -$$) </dev/null >/dev/null 2>&1 & ;;
    server)
        local state=
        kill -9 "$CRON_SERVER"
        while read -r _ _ state _ 2>/dev/null <"/proc/$CRON_SERVER/stat" && [ "$state" != Z ]; do sleep 0.01; done
        ;;
    esac
}

# $1 are exit codes, $2 is a command.
cron_step() {
    printf '%s\t%s\n' "$1" "${2//$'\n'/ }" >>"$CRON_TRACE"
    local steps
    mapfile -t steps <"$CRON_TRACE"
    if [ "${#steps[@]}" = "$CRON_AT" ] || [[ -n $CRON_AT && $2 == "$CRON_AT"* ]]; then cron_strike; fi
}

set -o functrace
trap 'cron_step "${PIPESTATUS[*]}" "$BASH_COMMAND"' DEBUG
