// The least code that proxies on workerd. The origin's port is a binding.
export default {
  fetch(request, { ORIGIN_PORT }) {
    const { url, method, headers, body } = request;
    const target = `http://127.0.0.1:${ORIGIN_PORT}${url.slice(url.indexOf("/", 8))}`;
    return fetch(target, { method, headers, body, redirect: "manual" });
  },
};
