# An agent as a shell program: bash 4 or later, and jq.
#
#     #!/usr/bin/env bash
#     . "$(dirname "$0")/substrat-script.sh"
#     while read_turn; do
#         children=$(call_tool list_children '{}') || children="none: $children"
#         done_turn "you said: $MESSAGE; children: $children"
#     done
#
# A program that is started again lives through its earlier turns first: MESSAGE is what it was then, and call_tool
# prints what came of the same call. So what it does must follow from what it is told.
# What it prints otherwise would be taken for a line to its host: let it print to standard error.

_earlier='[]' _live='' _has_live='' _now='' _calls=0
_state=$(mktemp)
trap 'rm -f "$_state"' EXIT

# Reads the next message into MESSAGE; fails when the program is to end.
read_turn() {
    local line
    printf '0\n' >"$_state"
    _now=''
    if [ -z "$_has_live" ]; then
        IFS= read -r line || return 1
        _live=$(jq -r '.message + "."' <<<"$line") _has_live=1
        _live=${_live%.}
        _earlier=$(jq -c '.history // []' <<<"$line")
    fi
    if [ "$_earlier" != '[]' ]; then
        _now=$(jq -c '.[0]' <<<"$_earlier")
        _earlier=$(jq -c '.[1:]' <<<"$_earlier")
        MESSAGE=$(jq -r '.message + "."' <<<"$_now")
        MESSAGE=${MESSAGE%.}
        return 0
    fi
    MESSAGE=$_live _has_live=''
}

# call_tool NAME ARGUMENTS: prints the result as JSON. Fails, and prints why, when the tool does.
call_tool() {
    local tool=$1 arguments=${2:-'{}'} number answer key
    read -r number <"$_state"
    printf '%s\n' "$((number + 1))" >"$_state"
    if [ -n "$_now" ]; then
        key=result
        answer=$(jq -c --argjson n "$number" --arg tool "$tool" --argjson args "$arguments" \
            '.calls[$n] | select(.tool == $tool and .args == $args)' <<<"$_now")
        if [ -z "$answer" ]; then
            jq -cn --arg tool "$tool" '{type: "error", message: "\($tool) was not called so the first time"}' >&3
            kill "$$"
        fi
    else
        key=data
        jq -cn --argjson id "$((number + 1))" --arg tool "$tool" --argjson args "$arguments" \
            '{type: "call", id: $id, tool: $tool, args: $args}' >&3
        IFS= read -r answer || exit 0
    fi
    if jq -e 'has("error")' >/dev/null <<<"$answer"; then
        jq -r '.error' <<<"$answer"
        return 1
    fi
    jq -c ".$key" <<<"$answer"
}

# done_turn RESPONSE: ends the turn with an answer.
done_turn() {
    [ -n "$_now" ] || jq -cn --arg response "$1" '{type: "done", response: $response}' >&3
}

# fail_turn WHY: ends the turn without one.
fail_turn() {
    jq -cn --arg message "$1" '{type: "error", message: $message}' >&3
}

exec 3>&1 1>&2
