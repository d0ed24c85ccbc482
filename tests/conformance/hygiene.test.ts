/** What may not cross the proxy: hop-by-hop fields, look-alike names, upgrades nobody asked it to carry. */
import { expect } from "vitest";
import { type Case, conformance, oneUpstream, requestText } from "../support/suite.ts";

const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "upgrade",
  "transfer-encoding",
];

const requests: Case[] = [
  {
    title: "hop-by-hop request fields are not forwarded",
    run: async (stage) => {
      await stage.request("/", {
        fields: [
          "Keep-Alive: timeout=9",
          "Proxy-Connection: keep-alive",
          "TE: trailers",
          "Trailer: X-T",
          "X-Kept: 1",
        ],
      });
      const { fields } = (await stage.origin.request()).head;
      // The proxy says on its own behalf that it takes trailers, where it does.
      const own = ["connection", "te"];
      const crossed = fields.names.filter((name) => HOP_BY_HOP.includes(name) && !own.includes(name));
      expect(crossed).toEqual([]);
      expect([fields.get("te") ?? "trailers", fields.get("connection") ?? "keep-alive"]).toEqual([
        "trailers",
        expect.stringMatching(/^(?:TE|keep-alive)$/),
      ]);
      expect(fields.get("x-kept")).toBe("1");
    },
  },
  {
    title: "request fields that Connection names are not forwarded",
    run: async (stage) => {
      await stage.request("/", {
        fields: ["Connection: X-One, x-two", "X-One: 1", "X-Two: 2", "X-Three: 3"],
      });
      const { fields } = (await stage.origin.request()).head;
      expect([fields.get("x-one"), fields.get("x-two"), fields.get("x-three")]).toEqual([
        undefined,
        undefined,
        "3",
      ]);
    },
  },
  {
    title: "fields that Connection names cannot take out what the proxy itself adds",
    run: async (stage) => {
      await stage.request("/", {
        fields: ["Connection: X-Forwarded-For, X-Forwarded-Host, Host, X-Request-Id"],
      });
      const { fields } = (await stage.origin.request()).head;
      expect(fields.get("x-forwarded-for")).toBe("127.0.0.1");
      expect(fields.get("x-forwarded-host")).toBe("example.test");
      expect(fields.all("host").length).toBe(1);
    },
  },
  {
    title: "header names with an underscore are dropped",
    seenAt: ["CVE-2026-29057", "http-party/node-http-proxy#1721"],
    run: async (stage) => {
      const fields = [
        "Transfer_Encoding: chunked",
        "Content_Length: 5",
        "X_Forwarded_For: 1.2.3.4",
        "X-Kept: 1",
      ];
      expect((await stage.request("/", { fields })).status).toBe(200);
      const { head, section } = await stage.origin.request();
      expect(head.fields.names.filter((name) => name.includes("_"))).toEqual([]);
      expect(section).not.toMatch(/_Length|_Encoding|1\.2\.3\.4/i);
      expect(head.fields.get("x-kept")).toBe("1");
    },
  },
  {
    title: "h2c upgrade is dropped with its settings and served as ordinary HTTP",
    run: async (stage) => {
      const response = await stage.request("/", {
        fields: [
          "Connection: Upgrade, HTTP2-Settings",
          "Upgrade: h2c",
          "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
        ],
      });
      expect([response.status, response.text]).toEqual([200, "origin"]);
      const { fields } = (await stage.origin.request()).head;
      expect([fields.get("upgrade"), fields.get("http2-settings")]).toEqual([undefined, undefined]);
      expect(fields.get("connection") ?? "").not.toMatch(/upgrade/i);
    },
  },
  {
    title: "websocket upgrade that the origin does not take up is served as ordinary HTTP",
    seenAt: ["CVE-2026-2833"],
    run: async (stage) => {
      const response = await stage.request("/chat", {
        fields: [
          "Connection: Upgrade",
          "Upgrade: websocket",
          "Sec-WebSocket-Version: 13",
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ],
      });
      expect([response.status, response.text]).toEqual([200, "origin"]);
      const { fields } = (await stage.origin.request()).head;
      expect([fields.get("upgrade"), fields.get("connection")?.toLowerCase()]).toEqual([
        "websocket",
        "upgrade",
      ]);
    },
  },
  {
    title: "101 that nobody asked for is answered 502",
    seenAt: ["CVE-2026-2833"],
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await x.send(
          "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhidden",
        );
        await x.wire.ended();
      });
      const response = await stage.request("/", { fields: ["Connection: Upgrade", "Upgrade: h2c"] });
      expect(response.status).toBe(502);
      expect(response.text).not.toContain("hidden");
    },
  },
  {
    title: "CONNECT is not tunnelled",
    run: async (stage) => {
      const client = await stage.client();
      await client.send(
        `CONNECT 127.0.0.1:${stage.origin.port} HTTP/1.1\r\nHost: 127.0.0.1:${stage.origin.port}\r\n\r\n`,
      );
      const outcome = await client.open("GET").then(
        (r) => r.status,
        () => "closed" as const,
      );
      expect(outcome === "closed" || outcome >= 400).toBe(true);
      expect(stage.origin.connections).toBe(0);
    },
  },
];

const responses: Case[] = [
  {
    title: "hop-by-hop response fields and those that Connection names are not forwarded",
    run: async (stage) => {
      stage.origin.script((x) =>
        x.respond(200, {
          Connection: "X-Hop",
          "X-Hop": "1",
          "Keep-Alive": "timeout=5",
          "Proxy-Connection": "x",
          Upgrade: "h2c",
          "X-End": "2",
        }),
      );
      const { fields } = await stage.request("/");
      expect([fields.get("x-hop"), fields.get("upgrade"), fields.get("proxy-connection")]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      expect(fields.get("keep-alive") ?? "").not.toBe("timeout=5");
      expect(fields.get("x-end")).toBe("2");
    },
  },
  {
    title: "client that asks to close gets its connection closed",
    run: async (stage) => {
      const client = await stage.client();
      await client.send(requestText("/", { fields: ["Connection: close"] }));
      expect((await client.response()).text).toBe("origin");
      expect(await client.closed()).toBe("fin");
    },
  },
  {
    title: "HTTP/1.0 client is answered and closed",
    run: async (stage) => {
      const client = await stage.client();
      await client.send("GET / HTTP/1.0\r\nHost: example.test\r\n\r\n");
      const text = (await client.wire.rest()).toString();
      expect(text).toMatch(/^HTTP\/1\.[01] 200 /);
      expect(text.toLowerCase()).not.toContain("transfer-encoding");
      expect(text).toMatch(/origin$/);
    },
  },
];

// The CONNECT case counts connections, so it comes first.
conformance("hygiene", {
  config: oneUpstream(),
  cases: [...requests.slice(-1), ...requests.slice(0, -1), ...responses],
});
