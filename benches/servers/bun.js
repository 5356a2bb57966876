// Relay and echo on Bun, which publishes to a topic's subscribers by itself.
//
// usage: bun.js relay|echo --listen ADDRESS:PORT

const [kind, option, address] = process.argv.slice(2);
const [hostname, port] = address?.split(":") ?? [];
if (!["relay", "echo"].includes(kind) || option !== "--listen" || !port) {
  console.error("usage: bun.js relay|echo --listen ADDRESS:PORT");
  process.exit(2);
}

const echo = {
  message: (socket, data) => void socket.send(data),
};

const relay = {
  open: (socket) => socket.subscribe("room"),
  message: (_, data) => void server.publish("room", data),
};

const server = Bun.serve({
  hostname,
  port: Number(port),
  fetch: (request, server) => {
    if (!server.upgrade(request)) return new Response(null, { status: 400 });
  },
  websocket: {
    ...(kind === "echo" ? echo : relay),
    perMessageDeflate: false,
    // Past this it drops messages, 1 MiB by default.
    backpressureLimit: 64 << 20,
  },
});
