/** Is it a proxy at all? Each contender is checked before it is timed. */
import { createHash } from "node:crypto";
import { type IncomingMessage, request } from "node:http";
import { RECEIVED } from "./check-origin.ts";
import { FILE_SIZES, patternBytes } from "./origin.ts";

/** What a contender did with header fields, by name of the rule. */
export type Hygiene = Readonly<Record<string, boolean>>;

export interface CheckResult {
  /** What is wrong with status codes or bodies; a contender with any is not timed. */
  readonly failures: readonly string[];
  readonly hygiene: Hygiene;
}

interface Answer {
  readonly status: number;
  readonly checksum: string;
  readonly message: IncomingMessage;
  readonly sent: { readonly target: string; readonly pairs: readonly string[] } | undefined;
}

const checksumOf = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

const requestFields = {
  "x-custom": "from-client",
  "x-forwarded-for": "203.0.113.9",
  connection: "keep-alive, x-hop-request",
  "x-hop-request": "1",
  "keep-alive": "timeout=5",
  te: "trailers",
  content_length: "7",
};

const ask = (port: number, method: string, path: string, body?: Buffer): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const headers = { ...requestFields, ...(body && { "content-length": body.length }) };
    const sending = request(
      { host: "127.0.0.1", port, method, path, headers, agent: false, timeout: 10_000 },
      (message) => {
        const hash = createHash("sha256");
        message.on("data", (chunk: Buffer) => hash.update(chunk));
        message.on("error", reject);
        message.on("end", () => {
          const sent = message.headers[RECEIVED];
          resolve({
            status: message.statusCode ?? 0,
            checksum: hash.digest("hex"),
            message,
            sent:
              typeof sent === "string"
                ? (JSON.parse(Buffer.from(sent, "base64url").toString("utf8")) as Answer["sent"])
                : undefined,
          });
        });
      },
    );
    sending.on("timeout", () => sending.destroy(new Error(`${method} ${path}: no answer within 10 s`)));
    sending.on("error", reject);
    sending.end(body);
  });

const valuesOf = (pairs: readonly string[], name: string): string[] =>
  pairs.filter((_, i) => i % 2 === 1 && pairs[i - 1]?.toLowerCase() === name);

/** The rules, each true when kept. Request side first. */
const hygieneOf = (answer: Answer): Hygiene => {
  const pairs = answer.sent?.pairs ?? [];
  const has = (name: string): boolean => valuesOf(pairs, name).length > 0;
  const { headers } = answer.message;
  const forwardedFor = valuesOf(pairs, "x-forwarded-for").join(", ");
  // A proxy that passes trailers on says so in a `TE` of its own (RFC 9110 §10.1.4).
  const connection = valuesOf(pairs, "connection").join().toLowerCase().split(/[ ,]+/);
  return {
    "client address forwarded": /(^|[ ,])(::ffff:)?127\.0\.0\.1$/.test(forwardedFor),
    "spoofed address dropped": !forwardedFor.includes("203.0.113.9"),
    "hop-by-hop fields dropped": !has("keep-alive") && (!has("te") || connection.includes("te")),
    "nominated fields dropped": !has("x-hop-request") && headers["x-hop-response"] === undefined,
    "look-alike fields dropped": !has("content_length"),
    "request id sent both ways": has("x-request-id") && headers["x-request-id"] !== undefined,
    "security headers added": headers["x-content-type-options"] === "nosniff",
    "origin's server fields removed":
      headers["server"] !== "check-origin" && headers["x-powered-by"] === undefined,
  };
};

const expectBodies = async (port: number, failures: string[]): Promise<void> => {
  for (const [name, size] of Object.entries(FILE_SIZES)) {
    const expected = checksumOf(patternBytes(size));
    const got = await ask(port, "GET", `/${name}`);
    if (got.status !== 200) failures.push(`GET /${name}: status ${got.status}`);
    else if (got.checksum !== expected) failures.push(`GET /${name}: body differs`);
    const echoed = await ask(port, "POST", "/echo", patternBytes(size));
    if (echoed.status !== 200) failures.push(`POST ${name}: status ${echoed.status}`);
    else if (echoed.checksum !== expected) failures.push(`POST ${name}: echo differs`);
  }
};

/** Asks the proxy on `port`, which stands in front of a check origin. */
export const checkProxy = async (port: number): Promise<CheckResult> => {
  const failures: string[] = [];
  try {
    await expectBodies(port, failures);
    for (const [path, status] of [
      ["/missing", 404],
      ["/bad-gateway", 502],
    ] as const) {
      const got = await ask(port, "GET", path);
      if (got.status !== status) failures.push(`GET ${path}: status ${got.status} for ${status}`);
    }
    const answer = await ask(port, "GET", "/1k?a=1&b=%20");
    if (answer.sent?.target !== "/1k?a=1&b=%20") failures.push(`target became ${answer.sent?.target}`);
    if (!valuesOf(answer.sent?.pairs ?? [], "x-custom").includes("from-client")) {
      failures.push("a request field was lost");
    }
    if (answer.message.headers["x-custom"] !== "from-origin") failures.push("a response field was lost");
    if (answer.message.headers["set-cookie"]?.length !== 2) failures.push("Set-Cookie was merged or lost");
    return { failures, hygiene: hygieneOf(answer) };
  } catch (error) {
    failures.push(error instanceof Error ? error.message : String(error));
    return { failures, hygiene: {} };
  }
};
