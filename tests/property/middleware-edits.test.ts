import * as fc from "fast-check";
import { type Handler, Hono, type MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { describe, expect, it } from "vitest";
import { createProxyTo } from "../../handlers/proxy.ts";
import { requestId } from "../../middleware/request-id.ts";
import { securityHeaders } from "../../middleware/security-headers.ts";
import { memoryPlatform } from "../../runtimes/memory/mod.ts";
import { refuseUnsupported } from "../../runtimes/refuse.ts";

const NAMES = ["x-a", "x-b", "server", "x-request-id"] as const;
const name = fc.constantFrom(...NAMES);
const value = fc.constantFrom("1", "2", "x-a");

const security = fc
  .record({
    headers: fc.dictionary(name, fc.oneof(value, fc.constantFrom<false>(false)), { maxKeys: 3 }),
    override: fc.boolean(),
    remove: fc.array(name, { maxLength: 2 }),
  })
  .map((options) => (): MiddlewareHandler => securityHeaders(options));

const id = fc
  .constantFrom("x-request-id", "x-a")
  .map((header) => (): MiddlewareHandler => requestId({ header, generate: () => "x-b" }));

const other = fc.constantFrom((): MiddlewareHandler => cors());

const around = fc.array(fc.oneof({ weight: 4, arbitrary: security }, { weight: 2, arbitrary: id }, other), {
  maxLength: 4,
});

const fields = fc.array(fc.record({ name, value }), { maxLength: 4 });

describe("middleware around proxyTo", () => {
  it("makes of an upstream's response what it makes of an ordinary handler's", async () => {
    await fc.assert(
      fc.asyncProperty(around, fields, async (middleware, list) => {
        const respond = (): Response =>
          new Response("x", { headers: list.map((field): [string, string] => [field.name, field.value]) });
        const platform = memoryPlatform({ upstreams: { "http://api.test": respond } });
        const proxy = createProxyTo(() => platform, refuseUnsupported)("http://api.test");
        const headersOf = async (handler: Handler): Promise<unknown> => {
          const app = new Hono();
          for (const make of middleware) app.use(make());
          app.all("*", handler);
          return [...(await app.request("http://shop.test/")).headers];
        };
        expect(await headersOf(proxy)).toEqual(await headersOf(respond));
      }),
      { numRuns: 300 },
    );
  });
});
