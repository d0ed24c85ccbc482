// Arguments: port to listen on, port of the origin. @hono/node-server and fetch, with the fields taken out that
// Node's fetch refuses.
import { serve } from "@hono/node-server";

const REFUSED = ["connection", "expect", "host", "keep-alive", "te", "transfer-encoding", "upgrade"];

const [port, originPort] = process.argv.slice(2).map(Number);
const origin = `http://127.0.0.1:${originPort}`;
serve({
  port,
  hostname: "127.0.0.1",
  fetch({ url, method, headers, body }) {
    const forwarded = new Headers(headers);
    for (const name of REFUSED) forwarded.delete(name);
    const target = origin + url.slice(url.indexOf("/", 8));
    // oxlint-disable-next-line unicorn/no-invalid-fetch-options -- the method is the client's, and null goes with GET
    return fetch(target, { method, headers: forwarded, body, redirect: "manual", duplex: "half" });
  },
});
