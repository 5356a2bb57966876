#!/usr/bin/env python3
"""The chat server that the project grew out of, in Python on `websockets`.

usage: original_server.py [PORT]

Written anew after the original's behaviour: it sends every object that it
receives to all clients, the sender included, and announces who comes and goes in
messages from `System`, stamped in seconds. It is no more tolerant than the
original: JSON that it cannot read or a missing `type` or `username` ends that
connection.

Listens on 127.0.0.1 and prints the port, then a line for each object received.
"""

import asyncio
import json
import sys
import time

import websockets

names = {}  # connection -> username, or None until it joins


def notice(content):
    return {"type": "message", "username": "System", "content": content, "timestamp": time.time()}


async def broadcast(data):
    text = json.dumps(data)
    await asyncio.gather(*(peer.send(text) for peer in names), return_exceptions=True)


async def leave(websocket):
    username = names.get(websocket)
    if username is not None:
        names[websocket] = None
        await broadcast(notice(f"{username} has left the chat"))


async def handle(websocket):
    names[websocket] = None
    try:
        await websocket.send(json.dumps(notice("Welcome to the chat!")))
        async for text in websocket:
            data = json.loads(text)
            print(f"{data['type']} {data['username']}: {data.get('content')}", flush=True)
            await broadcast(data)
            if data["type"] == "join":
                names[websocket] = data["username"]
                await broadcast(notice(f"{data['username']} has joined the chat"))
            elif data["type"] == "leave":
                await leave(websocket)
    except websockets.ConnectionClosedError:
        pass  # gone without a closing handshake: it has left all the same
    finally:
        await leave(websocket)
        del names[websocket]


async def main(port):
    async with websockets.serve(handle, "127.0.0.1", port) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().create_future()


asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
