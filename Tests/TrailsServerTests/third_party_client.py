"""A client by somebody else: the least of the protocol, with the library that Debian has.

It says "type" for "typ", signs nothing, has a key that cannot be read, takes whatever comes first for the answer to
its register, always says last_seq 0, leaves gaps, and acknowledges nothing.

    third_party_client.py URL APP PARENT
"""
import asyncio
import json
import sys
import time

import websockets


def message(app, seq, kind, payload):
    header = {"msg_type": kind, "timestamp": int(time.time() * 1000), "seq": seq, "correlation_id": None}
    return {"type": "message", "app_id": app, "header": header, "payload": payload, "sig": None}


async def say(socket, frame):
    await socket.send(json.dumps(frame))


async def main(url, app, parent):
    async with websockets.connect(url) as socket:
        await say(socket, {
            "type": "register", "app_id": app, "parent_id": parent, "app_name": "third", "child_pub_key": "garbage",
            "process_info": {"pid": 1, "hostname": "elsewhere"}, "role_refs": [], "sig": None})
        first = json.loads(await socket.recv())
        assert first["typ"] == "registered" and first["status"] == "connected", first
        for seq in [1, 2, 3, 9, 7]:
            await say(socket, message(app, seq, "Status", {"progress": seq / 10}))
        while json.loads(await socket.recv()).get("seq") != 7:
            pass
    async with websockets.connect(url) as socket:
        await say(socket, {"type": "re_register", "app_id": app, "last_seq": 0, "pub_key": "garbage", "sig": None})
        first = json.loads(await socket.recv())
        assert first["typ"] == "registered", first
        await say(socket, message(app, 10, "Result", {"rows": 5}))
        while json.loads(await socket.recv()).get("seq") != 10:
            pass
        await say(socket, {"type": "disconnect", "app_id": app, "reason": "completed", "sig": None})
    print("done")


asyncio.run(main(*sys.argv[1:4]))
