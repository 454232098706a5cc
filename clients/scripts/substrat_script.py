"""An agent as a Python program: no dependencies, Python 3.8 or later.

    import substrat_script as agent

    for message in agent.turns():
        children = agent.call_tool("list_children")["children"]
        agent.done(f"{len(children)} children; you said: {message}")

A program that is started again after a crash, or after its place was given to another agent, lives through its
earlier turns first: it is told the same messages, its calls return what they returned then, and nothing is done twice.
So what it does must follow from what it is told. `is_replay()` says whether the turn is an earlier one.
"""

import json
import sys


class ToolError(Exception):
    """A tool did not do what it was asked for."""


class ReplayError(Exception):
    """The program asked for something else than it did the first time."""


_earlier = []  # finished turns that are still to be lived through
_live = None  # the message that comes after them
_now = None  # the finished turn that is lived through, or None in a live one
_calls = 0  # of this turn
_count = 0  # of the live calls


def read_turn():
    """The next message, or None when the program is to end."""
    global _earlier, _live, _now, _calls
    _now, _calls = None, 0
    if _live is None:
        line = _read_line()
        if line is None:
            return None
        if line.get("type") != "turn":
            raise RuntimeError("expected a turn, got: %s" % line.get("type"))
        _live = line["message"]
        _earlier = list(line.get("history") or [])
    if _earlier:
        _now = _earlier.pop(0)
        return _now["message"]
    message, _live = _live, None
    return message


def turns():
    """All messages, one after the other, until the program is to end."""
    while True:
        message = read_turn()
        if message is None:
            return
        yield message


def call_tool(tool, **arguments):
    """Calls a tool and returns its result; raises ToolError when it fails."""
    global _calls, _count
    if _now is not None:
        return _outcome(_recorded(tool, arguments), "result")
    _count += 1
    _write({"type": "call", "id": _count, "tool": tool, "args": arguments})
    line = _read_line()
    if line is None:
        sys.exit(0)
    if line.get("type") != "result" or line.get("id") != _count:
        raise RuntimeError("expected the result of call %d" % _count)
    return _outcome(line, "data")


def done(response):
    """Ends the turn with an answer."""
    if _now is None:
        _write({"type": "done", "response": response})


def fail(message):
    """Ends the turn without one; the program is started anew for the next."""
    _write({"type": "error", "message": message})


def is_replay():
    """Whether this turn was finished before the program was started."""
    return _now is not None


def _recorded(tool, arguments):
    global _calls
    calls = _now.get("calls") or []
    if _calls >= len(calls):
        raise ReplayError("%s was not called the first time" % tool)
    call = calls[_calls]
    _calls += 1
    if call["tool"] != tool or call["args"] != arguments:
        raise ReplayError("call %d was %s, or had other arguments, the first time" % (_calls, call["tool"]))
    return call


def _outcome(line, key):
    if "error" in line:
        raise ToolError(line["error"])
    return line.get(key)


def _read_line():
    line = sys.stdin.buffer.readline()
    return json.loads(line) if line else None


def _write(line):
    sys.stdout.buffer.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    sys.stdout.buffer.flush()
