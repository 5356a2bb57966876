#!/usr/bin/env python3
"""The chat client that the project grew out of, in Python on `websockets`.

usage: original_client.py URI USERNAME [--raw]

Written anew after the original's behaviour, its habits included: it indexes
`username`, `content` and `timestamp` of every object without a look at `type`,
and takes the timestamp for seconds. An object without one of them, or with
milliseconds, ends its listening while it stays connected.

Lines of standard input are messages. `/quit` says leave and closes; the end of
the input only closes. `--raw` also prints each received text as it came, behind
`< `; lines of the program's own begin with `* `.
"""

import asyncio
import json
import sys
from datetime import datetime

import websockets


async def send(websocket, username, kind, content=""):
    await websocket.send(json.dumps({
        "type": kind,
        "username": username,
        "content": content,
        "timestamp": datetime.now().timestamp(),
    }))


async def listen(websocket, raw):
    try:
        async for text in websocket:
            if raw:
                print("<", text, flush=True)
            data = json.loads(text)
            time = datetime.fromtimestamp(data["timestamp"]).strftime("%H:%M:%S")
            print(f"[{time}] {data['username']}: {data['content']}", flush=True)
    except (KeyError, ValueError, TypeError) as error:
        print(f"* stopped listening: {error!r}", flush=True)
        await websocket.wait_closed()
    except websockets.ConnectionClosed:
        pass  # the code is printed below, as for a normal close
    print(f"* closed {websocket.close_code}", flush=True)


async def type_in(websocket, username):
    loop = asyncio.get_running_loop()
    stdin = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    while line := await stdin.readline():
        content = line.decode().rstrip("\n")
        if content == "/quit":
            await send(websocket, username, "leave")
            return
        await send(websocket, username, "message", content)


async def main(uri, username, raw):
    async with websockets.connect(uri) as websocket:
        listening = asyncio.create_task(listen(websocket, raw))
        await send(websocket, username, "join")
        typing = asyncio.create_task(type_in(websocket, username))
        await asyncio.wait({listening, typing}, return_when=asyncio.FIRST_COMPLETED)
        typing.cancel()
    await listening


asyncio.run(main(sys.argv[1], sys.argv[2], "--raw" in sys.argv[3:]))
