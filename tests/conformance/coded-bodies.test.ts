/** Coded bytes pass as they are; where a runtime decodes them, all that is said about them follows. */
import { brotliCompressSync, deflateSync, gunzipSync, gzipSync } from "node:zlib";
import { expect } from "vitest";
import { type Case, conformance, oneUpstream } from "../support/suite.ts";

const TEXT = "all work and no play makes a dull proxy\n".repeat(400);
const ACCEPT = "Accept-Encoding: gzip, deflate, br, zstd";

const passesCoded = (coding: string, bytes: Buffer): Case => ({
  title: `${coding} bytes pass through unchanged with their fields`,
  seenAt: ["nodejs/undici#1462", "denoland/deno#12291"],
  run: async (stage) => {
    stage.origin.script((x) =>
      x.respond(
        200,
        { "Content-Type": "text/plain", "Content-Encoding": coding, ETag: '"v1"', Vary: "Accept-Encoding" },
        bytes,
      ),
    );
    const { body, fields } = await stage.request("/", { fields: [ACCEPT] });
    expect([fields.get("content-encoding"), fields.get("content-length")]).toEqual([
      coding,
      String(bytes.length),
    ]);
    expect([fields.get("etag"), fields.get("vary")]).toEqual(['"v1"', "Accept-Encoding"]);
    expect(body.equals(bytes)).toBe(true);
    // "identity" is acceptable to every client that does not rule it out (RFC 9110 §12.5.3).
    const asked = (await stage.origin.request()).header("accept-encoding");
    expect(asked?.replace(/^identity, /, "")).toBe("gzip, deflate, br, zstd");
  },
});

const coded: Case[] = [
  passesCoded("gzip", gzipSync(TEXT)),
  passesCoded("deflate", deflateSync(TEXT)),
  passesCoded("br", brotliCompressSync(TEXT)),
  passesCoded("x-own", Buffer.from("bytes of an unknown coding")),
  passesCoded("zstd", Buffer.from("28b52ffd2400010000e3a2", "hex")),
  {
    title: "body and its Content-Encoding always agree",
    seenAt: ["honojs/hono#3518"],
    run: async (stage) => {
      const bytes = gzipSync(TEXT);
      stage.origin.script((x) => x.respond(200, { "Content-Encoding": "gzip", ETag: '"v1"' }, bytes));
      for (const fields of [[ACCEPT], ["Accept-Encoding: identity"], []]) {
        const response = await stage.request("/", { fields });
        const coding = response.fields.get("content-encoding");
        expect((coding === "gzip" ? gunzipSync(response.body) : response.body).toString()).toBe(TEXT);
        expect(response.fields.get("etag")).toBe(coding === "gzip" ? '"v1"' : 'W/"v1"');
      }
    },
  },
  {
    title: "HEAD of a coded resource keeps coding and length",
    seenAt: ["honojs/hono#3518", "chimurai/http-proxy-middleware#1121"],
    run: async (stage) => {
      stage.origin.script((x) =>
        x.send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 99\r\n\r\n"),
      );
      const { fields } = await stage.request("/", { method: "HEAD", fields: [ACCEPT] });
      expect([fields.get("content-encoding"), fields.get("content-length")]).toEqual(["gzip", "99"]);
    },
  },
  {
    title: "plain body is never compressed on the way",
    seenAt: ["caddyserver/caddy#6293"],
    run: async (stage) => {
      stage.origin.script((x) =>
        x.respond(200, { "Content-Type": "text/html", "Cache-Control": "no-transform" }, TEXT),
      );
      const response = await stage.request("/", { fields: [ACCEPT] });
      expect([response.fields.get("content-encoding"), response.text]).toEqual([undefined, TEXT]);
      expect(response.fields.get("content-length")).toBe(String(TEXT.length));
      stage.origin.script((x) => x.respond(200, { "Content-Type": "application/json" }, TEXT));
      expect((await stage.request("/", { fields: [ACCEPT] })).fields.get("content-encoding")).toBeUndefined();
    },
  },
  {
    title: "range response passes with its Content-Range",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(206, { "Content-Range": "bytes 0-3/10", ETag: '"v"' }, "0123"));
      const response = await stage.request("/", { fields: ["Range: bytes=0-3"] });
      expect([response.status, response.fields.get("content-range"), response.text]).toEqual([
        206,
        "bytes 0-3/10",
        "0123",
      ]);
      expect((await stage.origin.request()).header("range")).toBe("bytes=0-3");
    },
  },
];

conformance("coded bodies", { config: oneUpstream(), cases: coded });
