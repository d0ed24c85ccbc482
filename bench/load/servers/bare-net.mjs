// Arguments: port to listen on, port of the origin. The least code that proxies over node:net, the same on Node, Deno
// and Bun: it finds where a message ends and passes on the bytes as they came. No header work, no checks, no limits,
// no pipelining; a chunked body is taken to end with the read that ends in its last chunk.
import { connect, createServer } from "node:net";
import process from "node:process";

const HEAD_END = Buffer.from("\r\n\r\n");
const LAST_CHUNK = Buffer.from("0\r\n\r\n");
const NOTHING = Buffer.alloc(0);

// Follows the messages on one socket: `next(piece)` is true at a message's last byte.
const follower = () => {
  let held = NOTHING; // of a head that is not complete
  let rest = -1; // body bytes to come; -1 in a head, Infinity in a chunked body
  return (piece) => {
    let bodyBytes = piece.length;
    if (rest === -1) {
      const bytes = held.length === 0 ? piece : Buffer.concat([held, piece]);
      const end = bytes.indexOf(HEAD_END);
      if (end === -1) {
        held = bytes;
        return false;
      }
      held = NOTHING;
      const head = bytes.latin1Slice(0, end);
      const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
      rest = length !== undefined ? Number(length) : /\r\ntransfer-encoding:/i.test(head) ? Infinity : 0;
      bodyBytes = bytes.length - end - HEAD_END.length;
    }
    rest -= bodyBytes;
    const ended = rest <= 0 || (rest === Infinity && piece.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK));
    if (ended) rest = -1;
    return ended;
  };
};

// Writes with backpressure on where the bytes come from.
const pass = (piece, from, to) => {
  if (to.write(piece)) return;
  from.pause();
  to.once("drain", () => from.resume());
};

const [port, originPort] = process.argv.slice(2).map(Number);
const idle = [];

const upstream = () => {
  const socket = connect(originPort, "127.0.0.1").setNoDelay(true);
  const ends = follower();
  socket.on("data", (piece) => {
    const { client } = socket;
    if (client === undefined) return socket.destroy();
    if (!ends(piece)) return pass(piece, socket, client);
    client.upstream = socket.client = undefined;
    idle.push(socket);
    client.write(piece); // an idle socket must not be paused: a client that has left never drains
  });
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    socket.client?.destroy();
    const at = idle.indexOf(socket);
    if (at !== -1) idle.splice(at, 1);
  });
  return socket;
};

const server = createServer({ noDelay: true }, (client) => {
  client.on("data", (piece) => {
    if (client.upstream === undefined) {
      client.upstream = idle.pop() ?? upstream();
      client.upstream.client = client;
    }
    pass(piece, client, client.upstream);
  });
  client.on("error", () => client.destroy());
  client.on("close", () => {
    if (client.upstream === undefined) return;
    client.upstream.client = undefined;
    client.upstream.destroy();
  });
});
server.listen(port, "127.0.0.1", 4096);
