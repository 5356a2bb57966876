#!/usr/bin/env python3
"""Servers that deliver something wrong to one of their clients, or nothing if told so.

usage: faulty.py relay FAULT          sends every message to all clients, the sender included
       faulty.py proxy FAULT URI      stands before a wirechat server

The fault befalls the tenth message that the first client is to get: none, drop, double,
swap (it comes behind the eleventh) or alter. Listens on 127.0.0.1 and prints the port.
"""

import asyncio
import contextlib
import sys

import websockets

FAULTY = 10
CHAT = ["wirechat.v1"]


class Fault:
    """What becomes of the messages to one client."""

    def __init__(self, kind):
        self._kind = kind
        self._count = 0
        self._held = []

    def messages(self, message):
        """What to send in place of this message."""
        self._count += 1
        if self._count != FAULTY:
            held, self._held = self._held, []
            return [message, *held]
        if self._kind == "swap":
            self._held = [message]
        return {
            "none": [message],
            "drop": [],
            "double": [message, message],
            "swap": [],
            "alter": [message.replace("xyz", "xyy")],
        }[self._kind]


async def listen(handle, subprotocols=None):
    async with websockets.serve(handle, "127.0.0.1", 0, subprotocols=subprotocols) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().create_future()


async def relay(fault):
    clients = []

    async def send(client, message):
        with contextlib.suppress(websockets.ConnectionClosed):
            await client.send(message)

    async def handle(websocket):
        clients.append(websocket)
        with contextlib.suppress(websockets.ConnectionClosed):
            async for message in websocket:
                first, *others = clients
                for it in fault.messages(message):
                    await send(first, it)
                for client in others:
                    await send(client, message)
        clients.remove(websocket)

    await listen(handle)


async def proxy(fault, uri):
    async def forward(source, sink, change=lambda message: [message]):
        async for message in source:
            for it in change(message):
                await sink.send(it)
        await sink.close(source.close_code)

    def to_first(message):
        is_said = '"type":"message"' in message and '"seq":' in message
        return fault.messages(message) if is_said else [message]

    first = []

    async def handle(websocket):
        change = [] if first else [to_first]
        first.append(websocket)
        async with websockets.connect(uri, subprotocols=CHAT) as server:
            await asyncio.gather(forward(server, websocket, *change), forward(websocket, server))

    await listen(handle, CHAT)


kind, fault, *uri = sys.argv[1:]
asyncio.run({"relay": relay, "proxy": proxy}[kind](Fault(fault), *uri))
