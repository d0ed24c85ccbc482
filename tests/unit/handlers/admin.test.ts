import { describe, expect, it } from "vitest";
import { memoryPlatform } from "../../../runtimes/memory/mod.ts";
import { refusals } from "../../../src/config/requirements.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { createGateway } from "../../../handlers/gateway.ts";
import { WORKERS_CAPABILITIES } from "../../../runtimes/workers/capabilities.ts";

const ROUTES = [{ respond: { body: "route" } }];
const TOKEN = "0123456789abcdef";

describe("admin path of a gateway in an app", () => {
  const config = parseConfig({ routes: ROUTES, admin: { path: "/ops", token: TOKEN } });
  const app = createGateway(config, memoryPlatform());
  const ask = (path: string, token?: string): Response | Promise<Response> =>
    app.request(
      `http://example.com${path}`,
      token === undefined ? {} : { headers: { authorization: token } },
    );

  it.each([undefined, "Bearer", `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, `Basic ${TOKEN}`, TOKEN])(
    "refuses %s",
    async (token) => {
      expect((await ask("/ops/metrics", token)).status).toBe(401);
    },
  );

  it("tells what was counted, without itself", async () => {
    await ask("/a");
    const response = await ask("/ops/metrics", `Bearer ${TOKEN}`);
    const text = await response.text();
    expect(text).toMatch(
      /^http_server_request_duration_seconds_count\{.*http_response_status_code="200".*\} 1$/m,
    );
    expect(text).not.toContain(TOKEN);
  });

  it("takes only GET and HEAD", async () => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const post = await app.request("http://example.com/ops/metrics", { method: "POST", headers });
    expect(post.status).toBe(405);
  });

  it("has no metrics where the config wants none", async () => {
    const without = createGateway(
      parseConfig({ routes: ROUTES, admin: { path: "/ops", token: TOKEN }, telemetry: { metrics: false } }),
      memoryPlatform(),
    );
    const headers = { authorization: `Bearer ${TOKEN}` };
    expect((await without.request("http://example.com/ops/metrics", { headers })).status).toBe(404);
    expect((await without.request("http://example.com/ops/livez", { headers })).status).toBe(200);
  });
});

describe("admin settings", () => {
  it("ask for a token beside the path", () => {
    expect(() => parseConfig({ routes: ROUTES, admin: { path: "/ops" } })).toThrow("needs `token`");
  });

  it("keep the token out of messages", () => {
    const short = "s3cret of mine!";
    expect(() => parseConfig({ routes: ROUTES, admin: { path: "/ops", token: short } })).toThrow(
      "expected a token of at least 16 characters, found a secret value",
    );
  });

  it("ask for a listener of one's own where there is a port", () => {
    const config = parseConfig({ routes: ROUTES, admin: { port: 9090 } });
    const workers = { name: "workers", capabilities: WORKERS_CAPABILITIES };
    expect(refusals(config, new Set(["admin", "admin.port"]), workers)).toMatchObject([
      { path: ["admin", "port"], message: expect.stringContaining("several ports") as string },
    ]);
  });
});
