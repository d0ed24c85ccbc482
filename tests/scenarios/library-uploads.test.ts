/** Uploads through an app on somebody else's server, by clients that send as they like. */
import { setTimeout as later } from "node:timers/promises";
import { expect } from "vitest";
import { type Case, type Stage, conformance, oneUpstream, requestText } from "../support/suite.ts";

/** How the app treats the request before it is proxied. */
const PATHS = ["/large/a", "/waiting/a", "/touched/a"] as const;

const content = (bytes: number): string =>
  Array.from({ length: bytes }, (_, index) => String.fromCharCode(97 + (index % 26))).join("");

const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

/** `text` in so many pieces. */
const pieces = (text: string, count: number): readonly string[] => {
  const size = Math.ceil(text.length / count);
  return Array.from({ length: count }, (_, index) => text.slice(index * size, (index + 1) * size));
};

const echoed = (stage: Stage): void =>
  stage.origin.script(async (exchange) => {
    const body = await exchange.body().catch(() => undefined);
    if (body !== undefined) await exchange.respond(200, {}, body.toString());
  });

interface Upload {
  readonly path: string;
  readonly bytes: number;
  readonly isChunked: boolean;
  readonly pauseMs: number;
}

/** Sends the content in three pieces; resolves with status and content of the answer. */
const upload = async (stage: Stage, { path, bytes, isChunked, pauseMs }: Upload): Promise<void> => {
  const text = content(bytes);
  const client = await stage.client();
  const framing = isChunked ? "Transfer-Encoding: chunked" : `Content-Length: ${bytes}`;
  const head = requestText(path, { method: "POST", fields: [framing, "Content-Type: text/plain"] });
  const [first = "", ...rest] = pieces(text, 3).map((piece) => (isChunked ? chunk(piece) : piece));
  void client.send(head + first);
  for (const piece of rest) {
    await later(pauseMs);
    void client.send(piece);
  }
  if (isChunked) void client.send("0\r\n\r\n");
  const response = await client.response("POST");
  expect([response.status, response.text.length, response.text === text]).toEqual([200, bytes, true]);
};

const arrives = (path: string, bytes: number, isChunked: boolean): Case => ({
  title: `${bytes} bytes in pieces, ${isChunked ? "chunked" : "sized"}, arrive whole at ${path}`,
  run: async (stage) => {
    echoed(stage);
    await upload(stage, { path, bytes, isChunked, pauseMs: 20 });
    await upload(stage, { path, bytes, isChunked, pauseMs: 0 });
  },
});

const breaksOff = (path: string, isChunked: boolean): Case => ({
  title: `${isChunked ? "chunked" : "sized"} upload that breaks off is never complete at ${path}`,
  run: async (stage) => {
    const complete: string[] = [];
    stage.origin.script(async (exchange) => {
      const body = await exchange.body().catch(() => undefined);
      if (body !== undefined) complete.push(body.toString());
    });
    const client = await stage.client();
    const framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: 54";
    const head = requestText(path, { method: "POST", fields: [framing] });
    await client.send(head + (isChunked ? chunk(content(51)) : content(51)));
    await later(100);
    client.reset();
    await later(500);
    expect(complete).toEqual([]);
  },
});

const cases: Case[] = [
  ...PATHS.flatMap((path) =>
    [54, 100_000, 1_500_000].flatMap((bytes) => [arrives(path, bytes, false), arrives(path, bytes, true)]),
  ),
  ...PATHS.flatMap((path) => [breaksOff(path, false), breaksOff(path, true)]),
];

conformance("library uploads", { serves: "app", config: oneUpstream(), cases });
