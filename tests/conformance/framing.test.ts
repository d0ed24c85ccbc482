/** A message's end is never ambiguous: what is not plainly framed does not pass (RFC 9112 §6). */
import { expect } from "vitest";
import { type Case, conformance, oneUpstream, requestText, type Stage } from "../support/suite.ts";

const SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: example.test\r\n\r\n";

/** The status of the answer, or "closed" when there was none. */
const outcomeOf = async (stage: Stage, text: string): Promise<number | "closed"> => {
  const client = await stage.client();
  await client.send(text);
  return client.response("POST", 4_000).then(
    ({ status }) => status,
    (error: unknown) => {
      if (client.wire.ending !== undefined) return "closed";
      throw error;
    },
  );
};

const rejects = (what: string, lines: readonly string[], body: string = "0\r\n\r\n"): Case => ({
  title: `${what} is rejected with 400`,
  seenAt: ["CVE-2026-29057", "http-party/node-http-proxy#1721"],
  run: async (stage) => {
    const text = `${["POST / HTTP/1.1", "Host: example.test", ...lines].join("\r\n")}\r\n\r\n${body}${SMUGGLED}`;
    expect(await outcomeOf(stage, text)).toBe(400);
    expect(stage.origin.seen.filter((line) => line.startsWith("POST"))).toEqual([]);
  },
});

/** RFC 9112 §6.3: who can't tell where the message ends must not look for another one behind it. */
const closesAfter = (what: string, lines: readonly string[]): Case => ({
  title: `connection is closed after a request with ${what}`,
  seenAt: ["CVE-2026-29057", "http-party/node-http-proxy#1721"],
  run: async (stage) => {
    const client = await stage.client();
    await client.send(requestText("/", { method: "POST", fields: lines }) + `0\r\n\r\n${SMUGGLED}`);
    await client.closed(4_000);
    expect(stage.origin.seen).toEqual([]);
  },
});

/** Whatever else becomes of it, the origin never sees a second request in it. */
const neverSmuggles = (what: string, lines: readonly string[], body: string): Case => ({
  title: `${what} never smuggles a request to the origin`,
  seenAt: ["CVE-2026-29057", "http-party/node-http-proxy#1721"],
  run: async (stage) => {
    stage.origin.script(async (x) => {
      await x.body();
      await x.respond(200, {}, x.head.target);
    });
    const text = `${["POST / HTTP/1.1", "Host: example.test", ...lines].join("\r\n")}\r\n\r\n${body}`;
    await outcomeOf(stage, text);
    expect((await stage.request("/after")).text).toBe("/after");
    expect(stage.origin.seen.filter((line) => line.includes("/smuggled"))).toEqual([]);
  },
});

const CHUNKED = "Transfer-Encoding: chunked";
/** An offer that nobody here takes up (RFC 9110 §7.8). */
const OFFER = ["Connection: Upgrade", "Upgrade: example/1"];

const ambiguous: Case[] = [
  rejects("request with both Content-Length and Transfer-Encoding", ["Content-Length: 5", CHUNKED]),
  rejects("request with two different lengths", ["Content-Length: 5", "Content-Length: 6"], "12345"),
  rejects("request with a repeated length", ["Content-Length: 5", "Content-Length: 5"], "12345"),
  rejects("request with a list of lengths", ["Content-Length: 5, 5"], "12345"),
  rejects("request with a signed length", ["Content-Length: +5"], "12345"),
  rejects("request with a negative length", ["Content-Length: -1"], ""),
  rejects("request with a hexadecimal length", ["Content-Length: 0x5"], "12345"),
  rejects("request with an empty length", ["Content-Length: "], ""),
  rejects("request with an unknown transfer coding", ["Transfer-Encoding: xchunked"]),
  rejects("request with two transfer codings", ["Transfer-Encoding: gzip, chunked"]),
  rejects("request with chunked not last", ["Transfer-Encoding: chunked, identity"]),
  rejects("request with a repeated Transfer-Encoding", [CHUNKED, CHUNKED]),
  rejects("request with a space before the colon", ["Content-Length : 5"], "12345"),
  rejects("request with a folded header line", ["X-A: 1", " 2"], ""),
  rejects("request with a NUL in a header value", ["X-A: 1\x002", "Content-Length: 0"], ""),
  closesAfter("both Content-Length and Transfer-Encoding", ["Content-Length: 5", CHUNKED]),
  closesAfter("two different lengths", ["Content-Length: 5", "Content-Length: 6"]),
  closesAfter("a list of lengths", ["Content-Length: 5, 5"]),
  closesAfter("a signed length", ["Content-Length: +5"]),
  closesAfter("chunked not last", ["Transfer-Encoding: chunked, identity"]),
  neverSmuggles(
    "Content-Length beside Transfer-Encoding",
    [`Content-Length: ${SMUGGLED.length + 5}`, CHUNKED],
    `0\r\n\r\n${SMUGGLED}`,
  ),
  neverSmuggles(
    "Transfer-Encoding hidden by an underscore",
    ["Content-Length: 60", "Transfer_Encoding: chunked"],
    `0\r\n\r\n${SMUGGLED}`.padEnd(60),
  ),
  neverSmuggles("chunk size with a sign", [CHUNKED], `+0\r\n\r\n${SMUGGLED}`),
  neverSmuggles("chunk size in C notation", [CHUNKED], `0x0\r\n\r\n${SMUGGLED}`),
  neverSmuggles("oversized chunk size", [CHUNKED], `10000000000000000\r\n\r\n${SMUGGLED}`),
  neverSmuggles("chunk extension with a bare line feed", [CHUNKED], `2;x\nxx\r\n0\r\n\r\n${SMUGGLED}`),
];

const forwarded: Case[] = [
  {
    title: "sized request body is forwarded with its length",
    seenAt: ["chimurai/http-proxy-middleware#40", "chimurai/http-proxy-middleware#320"],
    run: async (stage) => {
      stage.origin.script(async (x) => x.respond(200, {}, await x.body()));
      const body = "field=value".repeat(1000);
      const fields = ["Content-Type: application/x-www-form-urlencoded"];
      expect((await stage.request("/", { method: "POST", body, fields })).text).toBe(body);
      const { head, framing } = await stage.origin.request();
      expect(framing).toEqual({ kind: "length", bytes: body.length });
      expect(head.fields.get("transfer-encoding")).toBeUndefined();
    },
  },
  {
    title: "chunked request body is forwarded chunked, its pieces as they come",
    run: async (stage) => {
      const client = await stage.client();
      await client.send(requestText("/", { method: "POST", fields: [CHUNKED] }));
      let sent = 0;
      for (const piece of ["one", "three", "nineteen"]) {
        await client.send(`${piece.length.toString(16)}\r\n${piece}\r\n`);
        sent += piece.length;
        await (await stage.origin.request()).bodyReceived(sent);
      }
      await client.send("0\r\n\r\n");
      expect((await client.response()).text).toBe("origin");
      const exchange = await stage.origin.request();
      expect(exchange.framing).toEqual({ kind: "chunked" });
      expect((await exchange.body()).toString()).toBe("onethreenineteen");
    },
  },
  {
    title: "request without content is forwarded without framing",
    run: async (stage) => {
      await stage.request("/");
      expect((await stage.origin.request()).framing).toEqual({ kind: "none" });
    },
  },
  {
    title: "request with a content type and no content is forwarded without content",
    run: async (stage) => {
      await stage.request("/", { method: "DELETE", fields: ["Content-Type: application/json"] });
      const { framing } = await stage.origin.request();
      expect([{ kind: "none" }, { kind: "length", bytes: 0 }]).toContainEqual(framing);
    },
  },
  {
    title: "POST with an empty body is forwarded with length zero",
    run: async (stage) => {
      await stage.request("/", { method: "POST", body: "" });
      expect((await stage.origin.request()).header("content-length")).toBe("0");
    },
  },
  {
    title: "offer to upgrade on a request with content is ignored",
    run: async (stage) => {
      const fields = ["Connection: Upgrade", "Upgrade: h2c"];
      expect((await stage.request("/", { method: "POST", fields, body: "ok" })).status).toBe(200);
      const exchange = await stage.origin.request();
      expect([exchange.header("upgrade"), (await exchange.body()).toString()]).toEqual([undefined, "ok"]);
    },
  },
  {
    title: "two Host headers are rejected with 400",
    run: async (stage) => {
      expect(await outcomeOf(stage, requestText("/", { fields: ["Host: other.test"] }))).toBe(400);
      expect(stage.origin.seen).toEqual([]);
    },
  },
  {
    title: "missing Host is rejected with 400",
    run: async (stage) => {
      expect(await outcomeOf(stage, "GET / HTTP/1.1\r\n\r\n")).toBe(400);
    },
  },
  {
    title: "target whose authority disagrees with Host is rejected with 400",
    run: async (stage) => {
      expect(await outcomeOf(stage, requestText("http://other.test/x"))).toBe(400);
      expect(stage.origin.seen).toEqual([]);
    },
  },
  {
    title: "target in absolute form whose authority agrees with Host is forwarded in origin form",
    run: async (stage) => {
      expect(await outcomeOf(stage, requestText("http://example.test/x?y"))).toBe(200);
      expect((await stage.origin.request()).head.target).toBe("/x?y");
    },
  },
  {
    title: "request with an Upgrade that is ignored leaves the connection to the next one",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(200, {}, x.head.target));
      const client = await stage.client();
      await client.send(requestText("/1", { fields: OFFER }));
      expect((await client.response()).text).toBe("/1");
      await client.send(requestText("/2"));
      expect((await client.response()).text).toBe("/2");
      expect((await stage.origin.request()).header("upgrade")).toBeUndefined();
    },
  },
  ...[OFFER, [...OFFER, "Content-Length: 2"]].map((fields): Case => {
    const content = fields.length > OFFER.length ? "with content" : "without content";
    return {
      title: `what comes right behind an Upgrade ${content} is never taken for something else`,
      run: async (stage) => {
        stage.origin.script(async (x) => {
          await x.body();
          await x.respond(200, {}, x.head.target);
        });
        const client = await stage.client();
        const body = fields.length > OFFER.length ? "ok" : "";
        const next = requestText("/2", { method: "POST", fields: [`Content-Length: ${SMUGGLED.length}`] });
        await client.send(requestText("/1", { method: "POST", fields }) + body + next);
        await client.response("POST").catch(() => {});
        await client.send(SMUGGLED).catch(() => {});
        // The second request gets its answer, or none and the connection closes.
        const second = await client.response("POST").catch(() => undefined);
        if (second === undefined) expect(client.wire.ending).toBeDefined();
        expect((await stage.request("/after")).text).toBe("/after");
        expect(stage.origin.seen.filter((line) => line.includes("/smuggled"))).toEqual([]);
      },
    };
  }),
  {
    title: "pipelined requests are answered in their order",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(200, {}, x.head.target));
      const client = await stage.client();
      await client.send(["/1", "/2", "/3"].map((target) => requestText(target)).join(""));
      // So that nothing of it comes in during the next case, where it fails.
      await stage.origin.request();
      const texts = [await client.response(), await client.response(), await client.response()].map(
        ({ text }) => text,
      );
      expect(texts).toEqual(["/1", "/2", "/3"]);
    },
  },
];

conformance("framing", { config: oneUpstream(), cases: [...ambiguous, ...forwarded] });
