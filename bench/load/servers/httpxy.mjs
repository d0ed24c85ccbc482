// Arguments: port to listen on, port of the origin.
import { Agent, createServer } from "node:http";
import { createProxyServer } from "httpxy";

const [port, originPort] = process.argv.slice(2).map(Number);
const agent = new Agent({ keepAlive: true, maxSockets: 256, scheduling: "lifo" });
const proxy = createProxyServer({ target: `http://127.0.0.1:${originPort}`, xfwd: true, agent });
const server = createServer((request, response) => {
  proxy.web(request, response).catch((error) => {
    if (response.headersSent) response.destroy(error);
    else response.writeHead(502).end();
  });
});
server.keepAliveTimeout = 75_000;
server.listen(port, "127.0.0.1", 4096);
