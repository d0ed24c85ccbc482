// Arguments: port to listen on, port of the origin. The least code that proxies on Node: http and undici's stream().
import { createServer } from "node:http";
import { Pool } from "undici";

const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "transfer-encoding",
  "te",
  "host",
  "expect",
  "upgrade",
]);
const endToEnd = (headers) => {
  const kept = {};
  for (const name in headers) if (!HOP_BY_HOP.has(name)) kept[name] = headers[name];
  return kept;
};

const [port, originPort] = process.argv.slice(2).map(Number);
const pool = new Pool(`http://127.0.0.1:${originPort}`, { connections: 256, pipelining: 1 });
const server = createServer((request, response) => {
  const { method, url, headers } = request;
  const hasBody = headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
  const options = { method, path: url, headers: endToEnd(headers), body: hasBody ? request : null };
  pool
    .stream(options, (answer) => {
      response.writeHead(answer.statusCode, endToEnd(answer.headers));
      return response;
    })
    .catch((error) => {
      if (response.headersSent) response.destroy(error);
      else response.writeHead(502).end();
    });
});
server.keepAliveTimeout = 75_000;
server.listen(port, "127.0.0.1", 4096);
