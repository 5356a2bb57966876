// Relay and echo on Node's `ws`.
//
// usage: ws.mjs relay|echo --listen ADDRESS:PORT

import { WebSocket, WebSocketServer } from "ws";

const [kind, option, address] = process.argv.slice(2);
const [host, port] = address?.split(":") ?? [];
if (!["relay", "echo"].includes(kind) || option !== "--listen" || !port) {
  console.error("usage: ws.mjs relay|echo --listen ADDRESS:PORT");
  process.exit(2);
}

const server = new WebSocketServer({ host, port: Number(port), perMessageDeflate: false });

server.on("connection", (socket) => {
  socket.on("message", (data, binary) => {
    if (kind === "echo") return socket.send(data, { binary });
    for (const client of server.clients) {
      if (client.readyState === WebSocket.OPEN) client.send(data, { binary });
    }
  });
  // A client that just goes is nothing to tell about.
  socket.on("error", () => {});
});
