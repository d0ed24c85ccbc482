// Arguments: port to listen on, port of the origin. Keep-alive on both sides; without an agent it has none upstream.
import { Agent, createServer } from "node:http";
import httpProxy from "http-proxy";

const [port, originPort] = process.argv.slice(2).map(Number);
const agent = new Agent({ keepAlive: true, maxSockets: 256, scheduling: "lifo" });
const proxy = httpProxy.createProxyServer({ target: `http://127.0.0.1:${originPort}`, xfwd: true, agent });
proxy.on("error", (error, request, response) => {
  if (response.headersSent) response.destroy(error);
  else response.writeHead(502).end();
});
const server = createServer((request, response) => proxy.web(request, response));
server.keepAliveTimeout = 75_000;
server.listen(port, "127.0.0.1", 4096);
