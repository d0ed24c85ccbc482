/** A real server behind the proxy: files, ranges, conditional requests, compression, large bodies. */
import { createHash, type Hash } from "node:crypto";
import { createReadStream, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { request, type IncomingMessage } from "node:http";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { within } from "../support/bound.ts";
import { type Nginx, nginxBinary, startNginx } from "../support/nginx.ts";
import { RUNTIMES, type RunningProxy, type RuntimeName, startProxy } from "../support/runtimes.ts";

const LARGE_BYTES = 32 * 1000 * 1000;
const TEXT = "the quick brown fox jumps over the lazy dog\n".repeat(500);

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

const collect = async (response: IncomingMessage): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
};

const digest = async (pieces: AsyncIterable<unknown>): Promise<{ hash: string; bytes: number }> => {
  const hash: Hash = createHash("sha256");
  let bytes = 0;
  for await (const piece of pieces) {
    hash.update(piece as Buffer);
    bytes += (piece as Buffer).length;
  }
  return { hash: hash.digest("hex"), bytes };
};

const open = (
  proxy: RunningProxy,
  path: string,
  options: { method?: string; headers?: Record<string, string>; file?: string } = {},
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const { method = "GET", headers = {}, file } = options;
    const sent = request(
      { host: "127.0.0.1", port: proxy.port, path, method, headers, agent: false },
      resolve,
    );
    sent.once("error", reject);
    if (file === undefined) sent.end();
    else createReadStream(file, { highWaterMark: 256 * 1024 }).pipe(sent);
  });

const ask = async (
  proxy: RunningProxy,
  path: string,
  headers: Record<string, string> = {},
): Promise<Answer> => {
  const response = await open(proxy, path, { headers });
  return { status: response.statusCode ?? 0, headers: response.headers, body: await collect(response) };
};

/** Bytes without a pattern that a lost or doubled piece could hide in. */
const writeLarge = (path: string): string => {
  const bytes = Buffer.alloc(LARGE_BYTES);
  for (let at = 0, state = 1; at + 4 <= LARGE_BYTES; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes.writeUInt32LE(state, at);
  }
  writeFileSync(path, bytes);
  return createHash("sha256").update(bytes).digest("hex");
};

const cases = (runtime: RuntimeName, nginx: () => Nginx, large: () => string): void => {
  let proxy: RunningProxy;
  beforeAll(async () => {
    proxy = await startProxy(runtime, {
      upstreams: { main: nginx().url },
      routes: [{ upstream: "main", bodyBytes: "1GB" }],
    });
  });
  afterAll(async () => proxy?.stop());

  test("file arrives with its validators", async () => {
    const { status, headers, body } = await ask(proxy, "/hello.txt");
    expect([status, body.toString()]).toEqual([200, TEXT]);
    expect([headers["etag"] === undefined, headers["last-modified"] === undefined]).toEqual([false, false]);
    expect(headers["server"]).toBeUndefined();
  });

  test("missing file and redirect are the server's own answers", async () => {
    expect((await ask(proxy, "/missing")).status).toBe(404);
    const { status, headers } = await ask(proxy, "/redirected");
    expect([status, new URL(headers.location ?? "", "http://x").pathname]).toEqual([301, "/hello.txt"]);
  });

  test("ranges arrive as asked for", async () => {
    const single = await ask(proxy, "/hello.txt", { range: "bytes=4-8" });
    expect([single.status, single.body.toString()]).toEqual([206, "quick"]);
    expect(single.headers["content-range"]).toBe(`bytes 4-8/${TEXT.length}`);
    const last = await ask(proxy, "/hello.txt", { range: "bytes=-4" });
    expect(last.body.toString()).toBe("dog\n");
    const several = await ask(proxy, "/hello.txt", { range: "bytes=0-2,4-8" });
    expect([several.status, several.headers["content-type"]?.split(";")[0]]).toEqual([
      206,
      "multipart/byteranges",
    ]);
    const beyond = await ask(proxy, "/hello.txt", { range: "bytes=9999999-" });
    expect(beyond.status).toBe(416);
  });

  test("conditional requests are answered 304 and 412", async () => {
    const { headers } = await ask(proxy, "/hello.txt");
    const etag = headers["etag"] ?? "";
    const unchanged = await ask(proxy, "/hello.txt", { "if-none-match": etag });
    expect([unchanged.status, unchanged.body.length, unchanged.headers["etag"]]).toEqual([304, 0, etag]);
    const since = await ask(proxy, "/hello.txt", { "if-modified-since": headers["last-modified"] ?? "" });
    expect(since.status).toBe(304);
    expect((await ask(proxy, "/hello.txt", { "if-match": '"other"' })).status).toBe(412);
  });

  test("compressed file is what the file says", async () => {
    const { headers, body } = await ask(proxy, "/hello.txt", { "accept-encoding": "gzip" });
    const coding = headers["content-encoding"];
    expect((coding === "gzip" ? gunzipSync(body) : body).toString()).toBe(TEXT);
    expect(headers["vary"] ?? "").not.toMatch(/\*/);
  });

  test("HEAD tells the file's length", async () => {
    const response = await open(proxy, "/hello.txt", { method: "HEAD" });
    expect([response.statusCode, response.headers["content-length"]]).toEqual([200, String(TEXT.length)]);
    response.resume();
  });

  test("32 MB arrive with an equal checksum", async () => {
    const response = await open(proxy, "/large.bin");
    expect(await digest(response)).toEqual({ hash: large(), bytes: LARGE_BYTES });
  });

  for (const framing of ["sized", "chunked"]) {
    test(`32 MB are uploaded ${framing} with an equal checksum`, async () => {
      const { files } = nginx();
      const headers: Record<string, string> =
        framing === "sized" ? { "content-length": String(LARGE_BYTES) } : {};
      const target = `/up-${runtime}-${framing}.bin`;
      const response = await open(proxy, target, { method: "PUT", headers, file: join(files, "large.bin") });
      expect(response.statusCode).toBe(201);
      response.resume();
      const bytes = readFileSync(join(files, target));
      expect(createHash("sha256").update(bytes).digest("hex")).toBe(large());
      expect((await within(open(proxy, target, { method: "DELETE" }), "DELETE")).statusCode).toBe(204);
    });
  }
};

const binary = nginxBinary();

test("nginx is there where it must be", () => {
  const advice =
    "nginx is not installed (Debian: apt-get install nginx-light); no test against a real server";
  if (binary === undefined) process.stderr.write(`${advice}\n`);
  expect({ present: binary !== undefined, ci: process.env["CI"] !== undefined }).not.toEqual({
    present: false,
    ci: true,
  });
});

describe.skipIf(binary === undefined)("nginx", () => {
  let nginx: Nginx | undefined;
  let hash = "";
  beforeAll(async () => {
    nginx = await startNginx(binary ?? "nginx");
    writeFileSync(join(nginx.files, "hello.txt"), TEXT);
    hash = writeLarge(join(nginx.files, "large.bin"));
  });
  afterAll(() => nginx?.stop());
  const running = (): Nginx => {
    if (nginx === undefined) throw new Error("nginx does not run");
    return nginx;
  };
  for (const runtime of RUNTIMES) {
    describe(`on ${runtime}`, () => {
      cases(runtime, running, () => hash);
    });
  }
});
