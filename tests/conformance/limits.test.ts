/** Limits hold before anything reaches an origin. */
import { expect } from "vitest";
import { RawClient } from "../support/raw-client.ts";
import { type Case, conformance, oneUpstream, requestText, type Stage } from "../support/suite.ts";

const refusedWith = async (stage: Stage, status: number, text: string): Promise<void> => {
  const client = await stage.client();
  void client.send(text);
  expect((await client.response()).status).toBe(status);
  expect(stage.origin.seen).toEqual([]);
};

const sizes: Case[] = [
  {
    title: "declared body over the limit is answered 413 and never sent upstream",
    run: (stage) => refusedWith(stage, 413, requestText("/", { method: "POST", body: "x".repeat(1001) })),
  },
  {
    title: "body of exactly the limit passes",
    run: async (stage) => {
      expect((await stage.request("/", { method: "POST", body: "x".repeat(1000) })).status).toBe(200);
      expect((await (await stage.origin.request()).body()).length).toBe(1000);
    },
  },
  {
    title: "chunked body over the limit is answered 413 and never completed upstream",
    run: async (stage) => {
      const client = await stage.client();
      const head = requestText("/", { method: "POST", fields: ["Transfer-Encoding: chunked"] });
      await client.send(`${head}258\r\n${"x".repeat(600)}\r\n`);
      const exchange = await stage.origin.request();
      await exchange.bodyReceived(600);
      void client.send(`258\r\n${"x".repeat(600)}\r\n0\r\n\r\n`);
      expect((await client.response()).status).toBe(413);
      await expect(exchange.body()).rejects.toThrow(/ended the connection/);
    },
  },
  {
    title: "route's own body limit wins over the general one",
    run: async (stage) => {
      const parts = { method: "POST", host: "large.test" };
      expect((await stage.request("/", { ...parts, body: "x".repeat(1999) })).status).toBe(200);
      expect((await stage.request("/", { ...parts, body: "x".repeat(2001) })).status).toBe(413);
    },
  },
  {
    title: "target over the limit is answered 414",
    run: (stage) => refusedWith(stage, 414, requestText(`/${"a".repeat(300)}`)),
  },
  {
    title: "target within the limit passes",
    run: async (stage) => {
      expect((await stage.request(`/${"a".repeat(250)}`)).status).toBe(200);
    },
  },
  {
    title: "more header fields than the limit are answered 431",
    run: (stage) =>
      refusedWith(
        stage,
        431,
        requestText("/", { fields: Array.from({ length: 30 }, (_, i) => `X-${i}: 1`) }),
      ),
  },
  {
    title: "header section over the limit is answered 431",
    run: (stage) => refusedWith(stage, 431, requestText("/", { fields: [`X-Long: ${"a".repeat(3000)}`] })),
  },
  {
    title: "header section far over every limit is refused",
    run: async (stage) => {
      const client = await stage.client();
      void client.send(requestText("/", { fields: [`X-Long: ${"a".repeat(2_000_000)}`] }));
      const outcome = await client.response().then(
        (r) => r.status,
        () => "closed" as const,
      );
      expect([431, 400, 413, "closed"]).toContain(outcome);
      expect(stage.origin.seen).toEqual([]);
    },
  },
  {
    title: "refused body leaves the next request unharmed",
    run: async (stage) => {
      await stage.request("/", { method: "POST", body: "x".repeat(5000) });
      expect((await stage.request("/")).text).toBe("origin");
    },
  },
];

conformance("size limits", {
  config: ([origin]) => ({
    listen: { limits: { bodyBytes: 1000, targetBytes: 256, headers: 20, headerBytes: 2000 } },
    upstreams: { main: origin },
    routes: [{ match: { host: "large.test" }, upstream: "main", bodyBytes: 2000 }, { upstream: "main" }],
  }),
  cases: sizes,
});

conformance("default limits", {
  config: oneUpstream(),
  cases: [
    {
      title: "header section of 16 KiB passes",
      run: async (stage) => {
        // Cookies of single sign-on come this long.
        const fields = Array.from({ length: 4 }, (_, i) => `X-Long-${i}: ${"a".repeat(3900)}`);
        expect((await stage.request("/", { fields })).status).toBe(200);
        expect((await stage.origin.request()).header("x-long-3")?.length).toBe(3900);
      },
    },
    {
      title: "header section of 40 KiB is answered 431",
      run: (stage) =>
        refusedWith(
          stage,
          431,
          requestText("/", { fields: Array.from({ length: 10 }, (_, i) => `X-L${i}: ${"a".repeat(4000)}`) }),
        ),
    },
    {
      title: "target over 8 KiB is answered 414",
      run: (stage) => refusedWith(stage, 414, requestText(`/${"a".repeat(8200)}`)),
    },
    {
      title: "101 header fields are answered 431",
      run: (stage) =>
        refusedWith(
          stage,
          431,
          requestText("/", { fields: Array.from({ length: 105 }, (_, i) => `X-${i}: 1`) }),
        ),
    },
  ],
});

conformance("connection limit", {
  config: oneUpstream({ listen: { limits: { connections: 3 } } }),
  cases: [
    {
      title: "connection over the limit is not served, and one that ends makes room",
      run: async (stage) => {
        const holders = [await stage.client(), await stage.client(), await stage.client()];
        for (const holder of holders) {
          await holder.send(requestText("/"));
          expect((await holder.response()).status).toBe(200);
        }
        const extra = await stage.client();
        void extra.send(requestText("/extra"));
        const outcome = await extra.response().then(
          (r) => r.status,
          () => "closed" as const,
        );
        expect([503, "closed"]).toContain(outcome);
        expect(stage.origin.exchanges.length).toBe(3);
        holders[0]?.finish();
        await holders[0]?.closed();
        expect((await stage.request("/")).status).toBe(200);
      },
    },
  ],
});

/** Whether a request on a new connection from `address` is answered; the connection stays open. */
const isServed = async (stage: Stage, address: string): Promise<boolean> => {
  const client = await RawClient.connect(stage.proxy.port, address);
  void client.send(requestText("/")).catch(() => {});
  return client.response().then(
    ({ status }) => status === 200,
    () => false,
  );
};

conformance("connections of a client", {
  config: oneUpstream({ listen: { limits: { connectionsPerClient: 2 }, trustedProxies: "127.0.0.9" } }),
  cases: [
    {
      title: "client with as many connections as it may have gets no more, and others do",
      run: async (stage) => {
        const kept = await RawClient.connect(stage.proxy.port, "127.0.0.5");
        await kept.send(requestText("/"));
        expect((await kept.response()).status).toBe(200);
        expect(await isServed(stage, "127.0.0.5")).toBe(true);
        expect(await isServed(stage, "127.0.0.5")).toBe(false);
        expect(await isServed(stage, "127.0.0.6")).toBe(true);
        kept.finish();
        await kept.closed();
        await expect.poll(() => isServed(stage, "127.0.0.5")).toBe(true);
      },
    },
    {
      title: "trusted proxy may have any number",
      run: async (stage) => {
        for (let i = 0; i < 5; i++) expect(await isServed(stage, "127.0.0.9")).toBe(true);
      },
    },
  ],
});

conformance("requests of a connection", {
  config: oneUpstream({ listen: { limits: { requestsPerConnection: 3 } } }),
  cases: [
    {
      title: "client connection is closed after its last allowed request, orderly",
      run: async (stage) => {
        const client = await stage.client();
        for (let i = 1; i <= 3; i++) {
          await client.send(requestText("/"));
          const response = await client.response();
          expect(response.status).toBe(200);
          expect(response.fields.get("connection") === "close").toBe(i === 3);
        }
        expect(await client.closed()).toBe("fin");
      },
    },
    {
      title: "pipelined requests beyond the last allowed one are not sent on",
      run: async (stage) => {
        const client = await stage.client();
        await client.send(["/1", "/2", "/3", "/4", "/5"].map((target) => requestText(target)).join(""));
        const closing: boolean[] = [];
        for (let i = 0; i < 3; i++) {
          closing.push((await client.response()).fields.get("connection")?.toLowerCase() === "close");
        }
        expect(closing).toEqual([false, false, true]);
        expect((await client.wire.rest()).toString()).toBe("");
        expect((await stage.request("/after")).status).toBe(200);
        expect(stage.origin.seen).toEqual(["GET /1", "GET /2", "GET /3", "GET /after"]);
      },
    },
  ],
});

/** Limits hold while the bytes come in: who never ends a line is answered all the same. */
const endless = (what: string, status: number, text: string): Case => ({
  title: `${what} without end is answered ${status} and its connection closed`,
  run: async (stage) => {
    const client = await stage.client();
    void client.send(text);
    expect((await client.response()).status).toBe(status);
    await client.closed();
    expect(stage.origin.seen).toEqual([]);
  },
});

conformance("limits while reading", {
  config: oneUpstream({ listen: { limits: { targetBytes: 256, headers: 20, headerBytes: 2_000 } } }),
  cases: [
    endless("target", 414, `GET /${"a".repeat(5_000)}`),
    endless("field value", 431, `GET / HTTP/1.1\r\nHost: example.test\r\nX-A: ${"a".repeat(5_000)}`),
    endless("field name", 431, `GET / HTTP/1.1\r\nHost: example.test\r\n${"a".repeat(5_000)}`),
    endless("header section", 431, `GET / HTTP/1.1\r\nHost: example.test\r\n${"X-A: 1\r\n".repeat(1_000)}`),
    endless("row of cookies", 431, `GET / HTTP/1.1\r\nHost: example.test\r\n${"Cookie: a=1\r\n".repeat(30)}`),
    {
      title: "header section of exactly the limits passes on every request of a connection",
      run: async (stage) => {
        const client = await stage.client();
        for (let i = 0; i < 5; i++) {
          await client.send(requestText("/", { fields: Array.from({ length: 19 }, () => "X-A: 1") }));
          expect((await client.response()).status).toBe(200);
        }
      },
    },
  ],
});
