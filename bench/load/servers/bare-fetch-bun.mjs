// Arguments: port to listen on, port of the origin. The least code that proxies on Bun.
const [port, originPort] = Bun.argv.slice(2).map(Number);
const origin = `http://127.0.0.1:${originPort}`;
Bun.serve({
  port,
  hostname: "127.0.0.1",
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  idleTimeout: 75,
  fetch({ url, method, headers, body }) {
    const target = origin + url.slice(url.indexOf("/", 8));
    // oxlint-disable-next-line unicorn/no-invalid-fetch-options -- the method is the client's, and null goes with GET
    return fetch(target, { method, headers, body, redirect: "manual", decompress: false });
  },
});
