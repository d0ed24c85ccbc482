/** A Hono app that uses the library, as its users write them: it changes requests before they are proxied. */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { GetConnInfo } from "hono/conninfo";
import { methodOverride } from "hono/method-override";
import { requestId, validation } from "../../../middleware/mod.ts";
import type { Bound } from "../../../runtimes/bind.ts";
import { guardedApp } from "./guarded-app.ts";

/** In front of one origin. */
export const libraryApp = (library: Bound, origin: string, getConnInfo: GetConnInfo): Hono => {
  const { gateway, proxyTo } = library;
  const app = new Hono();
  const proxy = proxyTo(origin, { bodyBytes: "64KB" });
  const unbounded = proxyTo(origin);

  const mounted = gateway({
    upstreams: { main: origin },
    routes: [{ match: { path: "/v1/*" }, upstream: "main" }],
  });
  app.mount("/mounted", mounted.fetch);

  app.use("/overridden/*", methodOverride({ app, header: "X-Method" }));
  app.use("/form/*", methodOverride({ app }));
  app.use("/without-cookie/*", async (c, next) => {
    const headers = new Headers(c.req.raw.headers);
    headers.delete("cookie");
    c.req.raw = new Request(c.req.raw, { headers });
    await next();
  });
  app.use("/moved/*", async (c, next) => {
    c.req.raw = new Request(new URL("/elsewhere?from=moved", c.req.url), c.req.raw);
    await next();
  });
  app.use("/asked-by-post/*", async (c, next) => {
    const headers = { host: c.req.header("host") ?? "", "content-type": "application/json" };
    c.req.raw = new Request(c.req.url, { method: "POST", headers, body: '{"made":"here"}' });
    await next();
  });
  app.use("/validated/*", validation({ limits: { bodyBytes: "1KB" } }));
  app.use("/known/*", requestId());
  app.use("/known/*", async (c, next) => {
    const headers = new Headers(c.req.raw.headers);
    headers.set("x-changed", "1");
    c.req.raw = new Request(c.req.raw, { headers });
    await next();
  });
  app.use("/waiting/*", async (_, next) => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await next();
  });
  app.use("/touched/*", async (c, next) => {
    if (c.req.raw.body === undefined) throw new Error("a Request has a body or null");
    await next();
  });
  app.use("/limited/*", bodyLimit({ maxSize: 100 }));
  app.use("/peeked/*", async (c, next) => {
    await c.req.raw.clone().text();
    await next();
  });
  app.use("/waiting/*", async (_, next) => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await next();
  });
  app.use("/touched/*", async (c, next) => {
    void c.req.raw.body;
    await new Promise((resolve) => setTimeout(resolve, 50));
    await next();
  });
  app.use("/read/*", async (c, next) => {
    await c.req.text();
    await next();
  });
  app.route("/guarded", guardedApp(library, origin, getConnInfo));
  app.all("/waiting/*", unbounded);
  app.all("/touched/*", unbounded);
  app.all("/large/*", unbounded);
  app.all("*", proxy);
  return app;
};
