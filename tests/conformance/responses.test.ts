/** Responses keep their meaning: no body where there is none, fields neither merged nor lost, broken ones refused. */
import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import { type Case, conformance, oneUpstream, requestText } from "../support/suite.ts";

const untyped: Case[] = [0, 2, 20_000, 400_000].flatMap((bytes) =>
  (["sized", "chunked"] as const).map((framing): Case => ({
    title: `${framing} content of ${bytes} bytes without a type gets none`,
    run: async (stage) => {
      const content = "<".repeat(bytes);
      const last = "0\r\n\r\n";
      const chunks = bytes === 0 ? last : `${bytes.toString(16)}\r\n${content}\r\n${last}`;
      stage.origin.script((x) =>
        framing === "sized"
          ? x.respond(200, {}, content)
          : x.send(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`),
      );
      const response = await stage.request("/");
      expect([response.fields.get("content-type"), response.text === content]).toEqual([undefined, true]);
      if (framing === "sized" && bytes <= 20_000) {
        expect(response.fields.get("content-length")).toBe(`${bytes}`);
      }
    },
  })),
);

const plain: Case[] = [
  {
    title: "HEAD response keeps the length of what GET would give",
    seenAt: ["chimurai/http-proxy-middleware#1121", "honojs/node-server#220"],
    run: async (stage) => {
      stage.origin.script((x) =>
        x.send("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nContent-Type: text/plain\r\n\r\n"),
      );
      const client = await stage.client();
      await client.send(requestText("/", { method: "HEAD" }));
      const response = await client.response("HEAD");
      expect(response.fields.all("content-length")).toEqual(["1234"]);
      await client.send(requestText("/", { method: "HEAD" }));
      expect((await client.response("HEAD")).status).toBe(200);
    },
  },
  {
    title: "HEAD response to a chunked resource invents no length",
    seenAt: ["chimurai/http-proxy-middleware#1121", "honojs/node-server#220"],
    run: async (stage) => {
      stage.origin.script((x) => x.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
      const response = await stage.request("/", { method: "HEAD" });
      expect([response.status, response.fields.get("content-length")]).toEqual([200, undefined]);
    },
  },
  {
    title: "304 keeps its validators and has no body",
    seenAt: ["chimurai/http-proxy-middleware#1121"],
    run: async (stage) => {
      stage.origin.script((x) =>
        x.send('HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\nCache-Control: max-age=5\r\n\r\n'),
      );
      const client = await stage.client();
      await client.send(requestText("/", { fields: ['If-None-Match: "v1"'] }));
      const response = await client.response();
      expect([response.status, response.fields.get("etag"), response.fields.get("cache-control")]).toEqual([
        304,
        '"v1"',
        "max-age=5",
      ]);
      expect((await stage.origin.request()).header("if-none-match")).toBe('"v1"');
      await client.send(requestText("/"));
      expect((await client.response()).status).toBe(304);
    },
  },
  {
    title: "304 keeps the length of the representation",
    seenAt: ["chimurai/http-proxy-middleware#1121", "honojs/node-server#220"],
    run: async (stage) => {
      stage.origin.script((x) =>
        x.send('HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\nContent-Length: 1234\r\n\r\n'),
      );
      const response = await stage.request("/", { fields: ['If-None-Match: "v1"'] });
      expect([response.status, response.fields.get("content-length")]).toEqual([304, "1234"]);
    },
  },
  {
    title: "204 has neither body nor framing",
    run: async (stage) => {
      stage.origin.script((x) => x.send("HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n"));
      const response = await stage.request("/", { method: "DELETE" });
      const { fields } = response;
      expect([response.status, fields.get("x-a")]).toEqual([204, "1"]);
      expect([fields.get("content-length"), fields.get("transfer-encoding")]).toEqual([undefined, undefined]);
    },
  },
  {
    title: "205 has no body even if the origin sends one",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(205, {}, "reset"));
      const client = await stage.client();
      await client.send(requestText("/form", { method: "POST", body: "a" }));
      const response = await client.response();
      expect([response.status, response.text]).toEqual([205, ""]);
      stage.origin.reset();
      await client.send(requestText("/"));
      expect((await client.response()).text).toBe("origin");
    },
  },
  {
    title: "empty body keeps its length of zero",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(200));
      const response = await stage.request("/");
      expect([response.fields.get("content-length"), response.text]).toEqual(["0", ""]);
    },
  },
  {
    title: "sized body keeps its length",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(200, {}, "x".repeat(1000)));
      const response = await stage.request("/");
      expect([response.fields.get("content-length"), response.body.length]).toEqual(["1000", 1000]);
    },
  },
  {
    title: "sized body of megabytes keeps its length",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(200, {}, Buffer.alloc(5_000_000)));
      const response = await stage.request("/");
      expect([response.fields.get("content-length"), response.body.length]).toEqual(["5000000", 5_000_000]);
    },
  },
  ...[1, 16_384, 65_536, 262_144].map((bytes): Case => ({
    title: `sized body of ${bytes} bytes keeps its length`,
    run: async (stage) => {
      const body = randomBytes(bytes);
      stage.origin.script((x) => x.respond(200, {}, body));
      const response = await stage.request("/");
      expect(response.fields.get("content-length")).toBe(String(bytes));
      expect(response.body.equals(body)).toBe(true);
    },
  })),
  {
    title: "body that ends with the connection is passed on whole",
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await x.send("HTTP/1.1 200 OK\r\n\r\nuntil the end");
        x.wire.finish();
      });
      expect((await stage.request("/")).text).toBe("until the end");
    },
  },
  {
    title: "Set-Cookie fields stay apart and in order",
    seenAt: ["sagemathinc/http-proxy-3#59", "vitejs/vite#23450"],
    run: async (stage) => {
      const cookies = ["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2, with comma; Path=/", "a=3"];
      stage.origin.script((x) =>
        x.send(
          `HTTP/1.1 200 OK\r\n${cookies.map((c) => `Set-Cookie: ${c}\r\n`).join("")}Content-Length: 0\r\n\r\n`,
        ),
      );
      expect((await stage.request("/")).fields.all("set-cookie")).toEqual(cookies);
    },
  },
  {
    title: "status, unknown fields and odd but legal values are passed on",
    run: async (stage) => {
      stage.origin.script((x) =>
        x.respond(
          299,
          { "X-Odd": 'a\tb; "c" ~!', Warning: '199 - "x"', Location: "/somewhere/../else" },
          "ok",
        ),
      );
      const response = await stage.request("/");
      expect(response.status).toBe(299);
      expect(response.fields.get("x-odd")).toBe('a\tb; "c" ~!');
      expect(response.fields.get("location")).toBe("/somewhere/../else");
    },
  },
  {
    title: "redirects are passed on, not followed",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(302, { Location: `${stage.origin.url}/next` }, "moved"));
      const response = await stage.request("/");
      expect([response.status, response.text]).toEqual([302, "moved"]);
      expect(stage.origin.exchanges.length).toBe(1);
    },
  },
  {
    title: "authentication challenges are passed on",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(401, { "WWW-Authenticate": 'Basic realm="x"' }, "who"));
      const response = await stage.request("/", { fields: ["Authorization: Basic YTpi"] });
      expect([response.status, response.fields.get("www-authenticate")]).toEqual([401, 'Basic realm="x"']);
      expect((await stage.origin.request()).header("authorization")).toBe("Basic YTpi");
    },
  },
  {
    title: "trailers of a response are no part of its content or its header section",
    seenAt: ["whatwg/fetch#981", "denoland/deno#23632"],
    run: async (stage) => {
      stage.origin.script((x) =>
        x.send(
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 9\r\n\r\n",
        ),
      );
      const client = await stage.client();
      for (let i = 0; i < 2; i++) {
        await client.send(requestText("/"));
        const response = await client.response();
        expect([response.text, response.fields.get("x-sum")]).toEqual(["ok", undefined]);
      }
    },
  },
  {
    title: "trailers of a request are no part of its content or its header section",
    seenAt: ["whatwg/fetch#981"],
    run: async (stage) => {
      const client = await stage.client();
      for (let i = 0; i < 2; i++) {
        await client.send(
          `${requestText("/", { method: "POST", fields: ["Transfer-Encoding: chunked", "Trailer: X-Sum"] })}2\r\nok\r\n0\r\nX-Sum: 9\r\n\r\n`,
        );
        expect((await client.response()).status).toBe(200);
        const exchange = await stage.origin.request(i);
        expect((await exchange.body()).toString()).toBe("ok");
        expect(exchange.header("x-sum")).toBeUndefined();
      }
    },
  },
];

conformance("responses", { config: oneUpstream(), cases: [...plain, ...untyped] });
