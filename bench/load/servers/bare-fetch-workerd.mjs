// The least code that proxies on workerd. The origin's port is a binding.
// oxlint-disable-next-line import/no-default-export -- a Worker is one
export default {
  fetch(request, { ORIGIN_PORT }) {
    const { url, method, headers, body } = request;
    const target = `http://127.0.0.1:${ORIGIN_PORT}${url.slice(url.indexOf("/", 8))}`;
    // oxlint-disable-next-line unicorn/no-invalid-fetch-options -- the method is the client's, and null goes with GET
    return fetch(target, { method, headers, body, redirect: "manual" });
  },
};
