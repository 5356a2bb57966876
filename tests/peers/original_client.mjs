// The chat client that the project grew out of, on Node and `ws` 8.
//
// usage: original_client.mjs URI USERNAME [--raw]
//
// Written anew after the original's behaviour, its habits included: it prints
// `username`, `content` and `timestamp` of every object without a look at `type`
// (so `undefined` where one is missing), and takes the timestamp for milliseconds.
//
// Lines of standard input are messages. `/quit` and the end of the input say leave
// and close. `--raw` also prints each received text as it came, behind `< `; lines
// of the program's own begin with `* `.

import { createInterface } from "node:readline";
import WebSocket from "ws";

const [uri, username, ...flags] = process.argv.slice(2);
const raw = flags.includes("--raw");
const socket = new WebSocket(uri);

function send(type, content = "") {
  socket.send(JSON.stringify({ type, username, content, timestamp: Date.now() }));
}

function leave() {
  if (socket.readyState !== WebSocket.OPEN) return;
  send("leave");
  socket.close(1000);
}

socket.on("open", () => {
  send("join");
  const input = createInterface({ input: process.stdin });
  input.on("line", (line) => (line === "/quit" ? leave() : send("message", line)));
  input.on("close", leave);
});

socket.on("message", (data) => {
  const text = data.toString();
  if (raw) console.log("<", text);
  const message = JSON.parse(text);
  const time = new Date(message.timestamp).toLocaleTimeString("en-GB");
  console.log(`[${time}] ${message.username}: ${message.content}`);
});

socket.on("error", (error) => console.error(`* ${error.message}`));

socket.on("close", (code) => {
  console.log(`* closed ${code}`);
  process.exit(0);
});
