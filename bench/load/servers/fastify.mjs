// Arguments: port to listen on, port of the origin. Its upstream client is undici with the plugin's own settings.
import proxy from "@fastify/http-proxy";
import fastify from "fastify";

const [port, originPort] = process.argv.slice(2).map(Number);
const app = fastify({ bodyLimit: Number.MAX_SAFE_INTEGER, keepAliveTimeout: 75_000 });
await app.register(proxy, {
  upstream: `http://127.0.0.1:${originPort}`,
  undici: { connections: 256, pipelining: 1, keepAliveTimeout: 60_000 },
});
await app.listen({ port, host: "127.0.0.1", backlog: 4096 });
