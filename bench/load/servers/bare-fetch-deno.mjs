// Arguments: port to listen on, port of the origin. The least code that proxies on Deno.
const [port, originPort] = Deno.args.map(Number);
const origin = `http://127.0.0.1:${originPort}`;
Deno.serve({ port, hostname: "127.0.0.1", onListen() {} }, ({ url, method, headers, body }) => {
  const target = origin + url.slice(url.indexOf("/", 8));
  // oxlint-disable-next-line unicorn/no-invalid-fetch-options -- the method is the client's, and null goes with GET
  return fetch(target, { method, headers, body, redirect: "manual" });
});
