/** Whatever takes too long is ended, on both sides, with the right answer; whatever moves is left alone. */
import { afterAll, beforeAll, expect } from "vitest";
import { type Case, conformance, requestText, type Stage } from "../support/suite.ts";
import { startUnaccepting, type Unaccepting } from "../support/unaccepting.ts";

const codeOf = (text: string): unknown => (JSON.parse(text) as { code?: unknown }).code;

const hangs = async (stage: Stage): Promise<void> => {
  stage.origin.script((x) => x.wire.ended().then(() => {}));
};

const firstByte: Case[] = [
  {
    title: "origin that never answers is given up with 504 and its connection closed",
    run: async (stage) => {
      await hangs(stage);
      const response = await stage.request("/");
      expect([response.status, codeOf(response.text)]).toEqual([504, "attempt-timeout"]);
      await (await stage.origin.request()).wire.ended();
    },
  },
  {
    title: "first byte limit is over once the head arrived",
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await x.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
        await new Promise((resolve) => setTimeout(resolve, 900));
        await x.send("done");
      });
      expect((await stage.request("/")).text).toBe("done");
    },
  },
  {
    title: "upload that lasts longer than the first byte limit is not cut",
    seenAt: ["traefik/traefik#12668", "traefik/traefik#10611"],
    run: async (stage) => {
      const client = await stage.client();
      const piece = "x".repeat(40_000);
      await client.send(requestText("/", { method: "POST", fields: ["Content-Length: 320000"] }) + piece);
      const exchange = await stage.origin.request();
      for (let sent = 2; sent <= 8; sent++) {
        await client.send(piece);
        await exchange.bodyReceived((sent - 1) * piece.length);
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
      expect((await client.response()).status).toBe(200);
    },
  },
  {
    title: "upload that the origin reads slowly is not cut by the first byte limit",
    run: async (stage) => {
      // More than the buffers of all sockets on the way.
      const bytes = 24_000_000;
      stage.origin.script(async (x) => {
        x.wire.hold();
        await new Promise((resolve) => setTimeout(resolve, 3_500));
        x.wire.release();
        await x.body();
        await x.respond(200, {}, "taken");
      });
      const client = await stage.client();
      const fields = [`Content-Length: ${bytes}`];
      const head = requestText("/", { method: "POST", host: "upload.test", fields });
      const sent = client.send(head + "x".repeat(bytes));
      expect((await client.response("POST")).text).toBe("taken");
      await sent;
      expect((await stage.origin.request()).bodyBytes).toBe(bytes);
    },
  },
  {
    title: "route's own first byte limit wins over the upstream's",
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await new Promise((resolve) => setTimeout(resolve, 900));
        await x.respond(200, {}, "late");
      });
      expect((await stage.request("/", { host: "patient.test" })).text).toBe("late");
    },
  },
  {
    title: "total limit ends an exchange with 504 and aborts it upstream",
    run: async (stage) => {
      await hangs(stage);
      const response = await stage.request("/", { host: "total.test" });
      expect([response.status, codeOf(response.text)]).toEqual([504, "deadline-exceeded"]);
      await (await stage.origin.request()).wire.ended();
    },
  },
  {
    title: "total limit cuts a response that is on its way",
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await x.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        await x.wire.ended();
      });
      await expect(stage.request("/", { host: "total.test" })).rejects.toThrow(/ended the connection/);
      await (await stage.origin.request()).wire.ended();
    },
  },
];

conformance("timeouts", {
  config: ([origin]) => ({
    upstreams: { main: { endpoints: origin, timeouts: { firstByte: "500ms" } } },
    routes: [
      { match: { host: "patient.test" }, upstream: "main", timeouts: { firstByte: "5s" } },
      { match: { host: "upload.test" }, upstream: "main", timeouts: { firstByte: "2s" } },
      { match: { host: "total.test" }, upstream: "main", timeouts: { firstByte: "10s", total: "600ms" } },
      { upstream: "main" },
    ],
  }),
  cases: firstByte,
});

const upload = (field: string): string => requestText("/", { method: "POST", fields: [field] });

const idle: Case[] = [
  {
    title: "response body that stalls is cut on both sides",
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await x.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        await x.wire.ended();
      });
      await expect(stage.request("/")).rejects.toThrow(/ended the connection/);
      await (await stage.origin.request()).wire.ended();
    },
  },
  {
    title: "response body that moves slowly is not cut",
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await x.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n");
        for (const letter of "slowly") {
          await new Promise((resolve) => setTimeout(resolve, 250));
          await x.send(letter);
        }
      });
      expect((await stage.request("/")).text).toBe("slowly");
    },
  },
  ...[
    { kind: "sized", text: `${upload("Content-Length: 10")}half` },
    { kind: "chunked", text: `${upload("Transfer-Encoding: chunked")}a\r\nhalf` },
    { kind: "empty so far", text: upload("Content-Length: 10") },
  ].map(({ kind, text }): Case => ({
    title: `request body that stalls (${kind}) is the client's fault: 408, and the upstream request ends incomplete`,
    run: async (stage) => {
      const before = stage.proxy.child.stderr;
      const { client, exchange } = await stage.begun(text);
      await expect(exchange.body()).rejects.toThrow(/ended the connection/);
      const response = await client.response("POST");
      expect([response.status, codeOf(response.text)]).toEqual([408, "request-timeout"]);
      await client.closed();
      expect(stage.proxy.child.stderr.slice(before.length)).not.toMatch(/attempt-timeout|upstream-reset/);
    },
  })),
  {
    title: "origin that stops reading a request body is given up with 504",
    run: async (stage) => {
      stage.origin.script(async (x) => {
        x.wire.hold();
        await x.wire.ended();
      });
      const client = await stage.client();
      const bytes = 16 * 1024 * 1024;
      const fields = [`Content-Length: ${bytes}`];
      void client.send(requestText("/", { host: "unread.test", method: "POST", fields }));
      void client.send(Buffer.alloc(bytes, "x"));
      const response = await client.response("POST");
      expect([response.status, codeOf(response.text)]).toEqual([504, "attempt-timeout"]);
    },
  },
  {
    title: "event stream has an idle limit of its own",
    seenAt: ["oven-sh/bun#27479"],
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await x.send(
          "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
        );
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        await x.send("9\r\ndata: 1\n\n\r\n0\r\n\r\n");
      });
      expect((await stage.request("/", { host: "events.test" })).text).toBe("data: 1\n\n");
    },
  },
];

conformance("idle timeouts", {
  config: ([origin]) => ({
    upstreams: { main: origin },
    routes: [
      { match: { host: "events.test" }, upstream: "main" },
      { match: { host: "unread.test" }, upstream: "main", timeouts: { idle: "2s" } },
      { upstream: "main", timeouts: { idle: "600ms" } },
    ],
  }),
  cases: idle,
});

let hole: Unaccepting | undefined;
beforeAll(async () => {
  hole = await startUnaccepting();
});
afterAll(() => hole?.stop());

const holeUpstream =
  (timeouts: Readonly<Record<string, string>>): Parameters<typeof conformance>[1]["config"] =>
  () => ({ upstreams: { main: { endpoints: hole?.url ?? "", timeouts } }, routes: [{ upstream: "main" }] });

conformance("connect timeout", {
  config: holeUpstream({ connect: "500ms" }),
  cases: [
    {
      title: "connection that is not established in time is answered with 504",
      run: async (stage) => {
        const response = await stage.request("/");
        expect([response.status, codeOf(response.text)]).toEqual([504, "connect-timeout"]);
      },
    },
  ],
});

conformance("connect that hangs", {
  config: holeUpstream({ firstByte: "1s" }),
  cases: [
    {
      title: "connection that is never established is given up within the limits",
      run: async (stage) => {
        expect([502, 504]).toContain((await stage.request("/")).status);
      },
    },
  ],
});

conformance("timeouts of 0", {
  config: ([origin]) => ({
    upstreams: { main: { endpoints: origin, timeouts: { firstByte: 0, idle: 0 } } },
    routes: [{ upstream: "main", timeouts: { total: 0, firstByte: 0, idle: 0 } }],
  }),
  cases: [
    {
      title: "timeouts of 0 end nothing",
      run: async (stage) => {
        stage.origin.script(async (x) => {
          // Longer than a coarse sweep takes to notice.
          await new Promise((resolve) => setTimeout(resolve, 500));
          await x.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nda");
          await new Promise((resolve) => setTimeout(resolve, 500));
          await x.send("ta");
        });
        expect((await stage.request("/")).text).toBe("data");
      },
    },
  ],
});
