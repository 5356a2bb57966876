// The chat server that the project grew out of, on Node and `ws` 8.
//
// usage: original_server.mjs [PORT]
//
// Written anew after the original's behaviour: it sends every object that it
// receives to all clients, the sender included, and announces who comes and goes in
// messages from `System`, stamped in milliseconds. It knows no subprotocols, and
// `ws` then agrees to the first one that a client offers, whatever it is.
//
// Listens on 127.0.0.1 and prints the port, then a line for each object received.

import { WebSocket, WebSocketServer } from "ws";

const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2] ?? 0) });

function broadcast(message) {
  const text = JSON.stringify(message);
  for (const peer of server.clients) {
    if (peer.readyState === WebSocket.OPEN) peer.send(text);
  }
}

function notice(content) {
  return { type: "message", username: "System", content, timestamp: Date.now() };
}

server.on("listening", () => console.log(server.address().port));

server.on("connection", (socket) => {
  let username = null;

  function leave() {
    if (username === null) return;
    broadcast(notice(`${username} has left the chat`));
    username = null;
  }

  socket.send(JSON.stringify(notice("Welcome to the chat!")));

  socket.on("message", (data) => {
    let message;
    try {
      message = JSON.parse(data.toString());
    } catch (error) {
      console.error(`* ${error.message}`);
      return;
    }
    console.log(`${message.type} ${message.username}: ${message.content}`);
    broadcast(message);
    if (message.type === "join") {
      username = message.username;
      broadcast(notice(`${username} has joined the chat`));
    } else if (message.type === "leave") {
      leave();
    }
  });

  socket.on("error", (error) => console.error(`* ${error.message}`));
  socket.on("close", leave);
});
