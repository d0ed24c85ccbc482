/** What is counted equals what was sent, on every runtime. */
import { expect } from "vitest";
import { ADMIN_PATH, ADMIN_TOKEN, counted, scrape } from "../support/counted.ts";
import { type Case, type Stage, conformance, requestText } from "../support/suite.ts";

const SIZED = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart";

const expectCounted = async (
  stage: Stage,
  act: () => Promise<void>,
  expected: Record<string, Record<string, number>>,
): Promise<void> => {
  const before = await scrape(stage);
  await act();
  expect(await counted(stage, before, expected)).toEqual(expected);
};

const access: Case[] = [
  {
    title: "admin path answers nobody without the token",
    run: async (stage) => {
      for (const path of ["/metrics", "/livez", "/readyz", "/other", ""]) {
        for (const fields of [[], ["Authorization: Bearer wrong-token-of-somebody"]]) {
          const response = await stage.request(ADMIN_PATH + path, { fields });
          expect([response.status, response.fields.get("www-authenticate")]).toEqual([
            401,
            'Bearer realm="fairlead"',
          ]);
        }
      }
      expect(stage.origin.seen).toEqual([]);
    },
  },
  {
    title: "admin path tells health to those with the token",
    run: async (stage) => {
      const fields = [`Authorization: Bearer ${ADMIN_TOKEN}`];
      const live = await stage.request(`${ADMIN_PATH}/livez`, { fields });
      expect([live.status, live.text, live.fields.get("cache-control")]).toEqual([200, "live\n", "no-store"]);
      const ready = await stage.request(`${ADMIN_PATH}/readyz`, {
        fields: [...fields, "Accept: application/json"],
      });
      expect([ready.status, JSON.parse(ready.text)]).toEqual([
        200,
        { status: "ready", upstreams: { main: { endpoints: 1, available: 1 } } },
      ]);
      expect((await stage.request(`${ADMIN_PATH}/other`, { fields })).status).toBe(404);
    },
  },
  {
    title: "path that only begins like the admin path is a route's",
    run: async (stage) => {
      expect((await stage.request(`${ADMIN_PATH}s/metrics`)).text).toBe("origin");
    },
  },
  {
    title: "metrics come in OpenMetrics where that is asked for",
    run: async (stage) => {
      const response = await stage.request(`${ADMIN_PATH}/metrics`, {
        fields: [
          `Authorization: Bearer ${ADMIN_TOKEN}`,
          "Accept: application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
        ],
      });
      expect(response.fields.get("content-type")).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
      expect(response.text.endsWith("# EOF\n")).toBe(true);
    },
  },
];

const secrets: Case = {
  title: "nothing that a client sent becomes an attribute",
  run: async (stage) => {
    const fields = ["Authorization: Bearer CANARY-1", "Cookie: sid=CANARY-2", "X-CANARY-3: CANARY-4"];
    await stage.request("/a?token=CANARY-5", { host: "CANARY-6.test", fields });
    await stage.request("/CANARY-7", { method: "POST", body: "CANARY-8", fields });
    await stage.request("/a", { method: "DELETE", fields: ["Content-Type: text/CANARY-9"] });
    stage.origin.script((x) => x.wire.reset());
    await stage.request("/a?token=CANARY-5", { method: "POST", body: "CANARY-8", fields });
    const response = await stage.request(`${ADMIN_PATH}/metrics`, {
      fields: [`Authorization: Bearer ${ADMIN_TOKEN}`],
    });
    expect(response.text).toContain("http_server_request_duration_seconds_count");
    expect(response.text).not.toMatch(/canary/i);
    expect(response.text).not.toContain(ADMIN_TOKEN);
  },
};

const traffic: Case[] = [
  {
    title: "requests and attempts are counted by method, status and error",
    run: async (stage) => {
      await expectCounted(
        stage,
        async () => {
          for (let i = 0; i < 5; i += 1) await stage.request("/a");
          await stage.request("/a", { method: "POST", body: "x" });
          stage.origin.script((x) => x.respond(503));
          await stage.request("/a");
          stage.origin.script((x) => x.wire.reset());
          await stage.request("/a", { method: "POST", body: "x" });
          await stage.request("/none");
        },
        {
          requests: {
            "GET 200 -": 5,
            "POST 200 -": 1,
            "GET 503 503": 1,
            "POST 502 upstream-reset": 1,
            "GET 404 no-route": 1,
          },
          attempts: { "GET 200 -": 5, "POST 200 -": 1, "GET 503 503": 1, "POST - upstream-reset": 1 },
        },
      );
    },
  },
  {
    title: "response that breaks off behind its head is counted once, as failed",
    run: async (stage) => {
      await expectCounted(
        stage,
        async () => {
          stage.origin.script((x) => x.send(SIZED));
          const { client, exchange } = await stage.begun(requestText("/a"));
          await (await client.open()).pieces.next();
          exchange.wire.reset();
          await client.closed();
        },
        {
          requests: { "GET 200 upstream-reset": 1 },
          attempts: { "GET 200 upstream-reset": 1 },
        },
      );
    },
  },
  {
    title: "request whose client leaves before the head is counted once",
    run: async (stage) => {
      await expectCounted(
        stage,
        async () => {
          stage.origin.script((x) => x.wire.ended().then(() => {}));
          const { client, exchange } = await stage.begun(requestText("/a"));
          client.reset();
          await exchange.wire.ended();
        },
        { requests: { "GET 499 client-closed": 1 }, attempts: { "GET - client-closed": 1 } },
      );
    },
  },
  {
    title: "request whose client leaves in the middle of the body is counted once",
    run: async (stage) => {
      await expectCounted(
        stage,
        async () => {
          stage.origin.script((x) => x.send(SIZED));
          const { client, exchange } = await stage.begun(requestText("/a"));
          await (await client.open()).pieces.next();
          client.reset();
          await exchange.wire.ended();
        },
        { requests: { "GET 200 client-closed": 1 }, attempts: { "GET 200 client-closed": 1 } },
      );
    },
  },
];

conformance("metrics", {
  config: ([origin]) => ({
    upstreams: { main: origin },
    routes: [{ name: "all", match: [{ path: "/a" }, { path: "/_fairleads/*" }], upstream: "main" }],
    admin: { path: ADMIN_PATH, token: ADMIN_TOKEN },
  }),
  cases: [...access, ...traffic, secrets],
});
