// Arguments: port to listen on, port of the origin. Hono's proxy helper as its documentation shows it.
import { serve } from "@hono/node-server";
import { getConnInfo } from "@hono/node-server/conninfo";
import { Hono } from "hono";
import { proxy } from "hono/proxy";

const [port, originPort] = process.argv.slice(2).map(Number);
const app = new Hono();
app.all("*", (c) => {
  const url = c.req.url;
  return proxy(`http://127.0.0.1:${originPort}${url.slice(url.indexOf("/", 8))}`, {
    raw: c.req.raw,
    headers: {
      ...c.req.header(),
      "X-Forwarded-For": getConnInfo(c).remote.address,
      "X-Forwarded-Host": c.req.header("host"),
    },
  });
});
serve({ fetch: app.fetch, port, hostname: "127.0.0.1" });
