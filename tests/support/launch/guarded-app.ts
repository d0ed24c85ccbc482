/** A Hono app with all of Fairlead's middleware around what it answers itself and around `proxyTo`. */
import { Hono } from "hono";
import type { GetConnInfo } from "hono/conninfo";
import { errorBoundary, requestId, securityHeaders, validation } from "../../../middleware/mod.ts";
import type { Bound } from "../../../runtimes/bind.ts";

/** Bodies end at 1000 bytes. `/proxy/*` is proxied, `/throw` throws, all else is answered with what the app sees. */
export const guardedApp = ({ proxyTo }: Bound, origin: string, getConnInfo: GetConnInfo): Hono => {
  const trust = { trustedPeer: (address: string): boolean => address === "127.0.0.1", getConnInfo };
  const app = new Hono();
  app.onError((_, c) => c.text("the app's own", 500));
  app.use(errorBoundary());
  app.use(validation({ limits: { bodyBytes: 1_000 } }));
  app.use(requestId(trust));
  app.use(securityHeaders({ preset: "strict", ...trust }));
  app.use("/proxy/changed", (c, next) => {
    const headers = new Headers(c.req.raw.headers);
    headers.set("x-added", "by the app");
    c.req.raw = new Request(c.req.raw, { headers });
    return next();
  });
  app.all("/proxy/*", proxyTo(origin));
  app.get("/throw", () => {
    throw new Error("secret");
  });
  return app.all("*", async (c) => c.json({ fields: c.req.header(), text: await c.req.text() }));
};
