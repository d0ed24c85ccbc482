/** docs/migrating.md: what stands side by side does the same, seen from the client and from the server behind. */
import { connect as connectTls } from "node:tls";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type Idiom, type ProxyName, idioms } from "../support/migrating/page.ts";
import { PlainOrigin, type Seen } from "../support/migrating/plain-origin.ts";
import { type Place, place } from "../support/migrating/place.ts";
import { type Running, isHere, start, validate } from "../support/migrating/proxies.ts";
import { RawClient, type RawResponse } from "../support/raw-client.ts";
import { RUNTIMES } from "../support/runtimes.ts";
import { type RequestParts, requestText } from "../support/suite.ts";
import { Wire } from "../support/wire.ts";

/** One proxy with one idiom's snippet. */
interface Subject {
  readonly name: ProxyName;
  readonly port: number;
  readonly place: Place;
}

const ask = async ({ port }: Subject, target: string, parts: RequestParts = {}): Promise<RawResponse> => {
  const client = await RawClient.connect(port);
  try {
    void client.send(requestText(target, parts));
    return await client.response(parts.method);
  } finally {
    client.close();
  }
};

/** The request as the first origin saw it; undefined where none came. */
const seen = async (subject: Subject, target: string, parts?: RequestParts): Promise<Seen | undefined> => {
  const [origin] = subject.place.origins;
  origin.seen = [];
  await ask(subject, target, parts);
  return origin.seen[0];
};

const targetsOf = async (subject: Subject, targets: readonly string[]): Promise<readonly unknown[]> => {
  const found: unknown[] = [];
  for (const target of targets) found.push((await seen(subject, target))?.target);
  return found;
};

/** How many of `requests` each origin gets, checks left out. */
const shares = async (subject: Subject, requests: number): Promise<readonly number[]> => {
  for (const origin of subject.place.origins) origin.seen = [];
  for (let i = 0; i < requests; i += 1) expect((await ask(subject, "/")).status).toBe(200);
  return subject.place.origins.map((origin) => origin.seen.filter(({ target }) => target === "/").length);
};

/** Asks until `is` holds; for what takes a health check. */
const until = async (is: () => Promise<boolean>): Promise<boolean> => {
  for (let tries = 0; tries < 150; tries += 1) {
    if (await is()) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
};

const scriptHealth = (origin: PlainOrigin, status: number): void => {
  origin.script = ({ url }, response) => {
    response.writeHead(url === "/healthz" ? status : 200).end("origin");
  };
};

/** Stops accepting: connections are refused from now on. */
const refusing = async ({ place: { origins } }: Subject): Promise<void> => origins[0].stop();

const echoed = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`);
    socket.on("open", () => socket.send("hello"));
    socket.on("message", (text: Buffer) => {
      resolve(text.toString());
      socket.close();
    });
    socket.on("error", reject);
  });

const overTls = async ({ port, place: { authority } }: Subject): Promise<RawResponse> => {
  const socket = connectTls({ port, host: "127.0.0.1", servername: "example.test", ca: authority });
  await new Promise<void>((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
  const wire = new Wire(socket);
  try {
    await wire.send(requestText("/secure"));
    const section = await wire.headSection();
    return { status: Number(section?.split(" ")[1]) } as RawResponse;
  } finally {
    socket.destroy();
  }
};

const LOG_LINE = /^(.*?) - - \[[^\]]+\] (.*)$/m;

/** What a proxy does with an idiom, as data. `expected` holds for each of them. */
interface Behaviour {
  readonly run: (subject: Subject) => Promise<unknown>;
  readonly expected: unknown;
  /** Of whom it is known, and said on the page, that they differ. */
  readonly not?: readonly ProxyName[];
}

const BEHAVIOURS: Readonly<Record<string, readonly Behaviour[]>> = {
  "Reverse proxy": [
    {
      run: async (subject) => {
        const request = await seen(subject, "/a?b=1");
        const own = `127.0.0.1:${subject.place.origins[0].port}`;
        return [request?.method, request?.target, request?.headers.host === own];
      },
      expected: ["GET", "/a?b=1", true],
    },
  ],
  "The client's Host": [
    {
      run: async (subject) => (await seen(subject, "/", { host: "example.test:8080" }))?.headers.host,
      expected: "example.test:8080",
    },
  ],
  "A prefix, kept": [
    {
      run: (subject) => targetsOf(subject, ["/api/x?q=1", "/api/", "/api/a%20b", "/other"]),
      expected: ["/api/x?q=1", "/api/", "/api/a%20b", undefined],
    },
    {
      run: (subject) => targetsOf(subject, ["/apis"]),
      expected: [undefined],
      not: ["http-proxy-middleware"],
    },
  ],
  "A prefix, stripped": [
    {
      run: (subject) => targetsOf(subject, ["/api/x?q=1", "/api/", "/api/a%20b", "/other"]),
      expected: ["/x?q=1", "/", "/a%20b", undefined],
    },
  ],
  Headers: [
    {
      run: async (subject) => {
        const [origin] = subject.place.origins;
        origin.script = (_, response) => response.setHeader("X-Runtime", "5").end("origin");
        const answer = await ask(subject, "/", { fields: ["X-Debug: 1"] });
        const headers = origin.seen[0]?.headers;
        return {
          upstream: [headers?.["x-real-ip"], headers?.["x-debug"]],
          client: [answer.fields.get("x-served-by"), answer.fields.get("x-runtime")],
        };
      },
      expected: { upstream: ["127.0.0.1", undefined], client: ["edge", undefined] },
    },
  ],
  "Several servers with weights": [{ run: (subject) => shares(subject, 40), expected: [30, 10] }],
  "Health checks": [
    {
      run: async (subject) => {
        const [good, bad] = subject.place.origins;
        scriptHealth(good, 200);
        scriptHealth(bad, 500);
        return until(async () => (await shares(subject, 20))[1] === 0);
      },
      expected: true,
    },
    {
      run: async (subject) => {
        scriptHealth(subject.place.origins[1], 200);
        return until(async () => ((await shares(subject, 20))[1] ?? 0) > 0);
      },
      expected: true,
    },
  ],
  "Another server when one fails": [
    {
      run: async (subject) => {
        subject.place.origins[0].script = (_, response) => response.writeHead(503).end("busy");
        const statuses: number[] = [];
        for (let i = 0; i < 4; i += 1) statuses.push((await ask(subject, "/")).status);
        return statuses;
      },
      expected: [200, 200, 200, 200],
      not: ["caddy"],
    },
    {
      run: async (subject) => {
        await refusing(subject);
        return (await shares(subject, 10))[1];
      },
      expected: 10,
    },
  ],
  "A backup server": [
    { run: (subject) => shares(subject, 10), expected: [10, 0] },
    {
      run: async (subject) => {
        await refusing(subject);
        await until(async () => (await ask(subject, "/")).status === 200);
        return (await shares(subject, 10))[1];
      },
      expected: 10,
    },
  ],
  WebSockets: [
    {
      run: async (subject) => {
        // http-proxy-middleware takes upgrades from its first request on.
        await ask(subject, "/");
        return echoed(subject.port);
      },
      expected: "echo hello",
    },
  ],
  "Time limits": [
    {
      run: async (subject) => {
        subject.place.origins[0].script = () => {};
        return (await ask(subject, "/slow")).status;
      },
      expected: 504,
    },
  ],
  "Size of bodies": [
    {
      run: async (subject) => {
        const client = await RawClient.connect(subject.port);
        try {
          await client.send(requestText("/", { method: "POST", fields: ["Content-Length: 10485761"] }));
          // Caddy counts what comes; the others go by what is announced.
          if (subject.name === "caddy") void client.send(Buffer.alloc(10_485_761)).catch(() => {});
          return (await client.open("POST")).status;
        } finally {
          client.close();
        }
      },
      expected: 413,
      not: ["caddy"],
    },
    {
      run: async (subject) => (await ask(subject, "/", { method: "POST", body: "small" })).status,
      expected: 200,
    },
  ],
  "Redirect to https": [
    {
      run: async (subject) => {
        const { status, fields } = await ask(subject, "/a?b=1");
        return [status, fields.get("location")];
      },
      expected: [301, "https://example.test/a?b=1"],
    },
  ],
  TLS: [{ run: async (subject) => (await overTls(subject)).status, expected: 200 }],
  "A canary": [
    {
      run: async (subject) => {
        const [, canary = 0] = await shares(subject, 300);
        // A tenth, within five standard deviations.
        return canary > 4 && canary < 56;
      },
      expected: true,
    },
  ],
  "Sticky sessions": [
    {
      run: async (subject) => {
        const kept: boolean[] = [];
        for (let browser = 0; browser < 4; browser += 1) {
          const first = await ask(subject, "/");
          const [cookie = ""] = (first.fields.get("set-cookie") ?? "").split(";");
          for (const origin of subject.place.origins) origin.seen = [];
          for (let i = 0; i < 10; i += 1) await ask(subject, "/", { fields: [`Cookie: ${cookie}`] });
          const counts = subject.place.origins.map((origin) => origin.seen.length);
          kept.push(cookie.startsWith("lb=") && counts.includes(10));
        }
        return kept;
      },
      expected: [true, true, true, true],
    },
  ],
  "Access log": [
    {
      run: async (subject) => {
        await ask(subject, "/a?b=1", { fields: ["User-Agent: test/1", "Referer: http://example.test/"] });
        return until(async () => subject.place.logged().includes("test/1"));
      },
      expected: true,
      // Its line has no agent.
      not: ["haproxy"],
    },
    {
      run: async (subject) => LOG_LINE.exec(subject.place.logged())?.slice(1),
      expected: ["127.0.0.1", '"GET /a?b=1 HTTP/1.1" 200 6 "http://example.test/" "test/1"'],
      // Lines of their own kinds.
      not: ["caddy", "haproxy"],
    },
  ],
  "The client's address behind another proxy": [
    {
      run: async (subject) => {
        const fields = ["X-Forwarded-For: 198.51.100.7, 203.0.113.9"];
        return (await seen(subject, "/", { fields }))?.headers["x-real-ip"];
      },
      expected: "203.0.113.9",
    },
  ],
};

const IDIOMS = idioms();

const onProxy = (idiom: Idiom, name: ProxyName, index: number): void => {
  const snippet = idiom.snippets.get(name) ?? "";
  let subject: Subject | undefined;
  let running: Running | undefined;

  beforeAll(async () => {
    const own = await place([await PlainOrigin.start(), await PlainOrigin.start()]);
    validate(name, snippet, own);
    // Each runtime takes its turn: what they do alike is the conformance suite's.
    const runtime = RUNTIMES.filter((each) => each !== "workerd").at(index % 3) ?? "node";
    running = await start(name, snippet, own, runtime);
    subject = { name, port: running.port, place: own };
  });

  afterAll(async () => {
    await running?.stop();
    for (const origin of subject?.place.origins ?? []) await origin.stop();
    subject?.place.remove();
  });

  test.each((BEHAVIOURS[idiom.heading] ?? []).map((behaviour, part) => ({ ...behaviour, part })))(
    "does what the others do ($part)",
    async ({ run, expected, not, part }) => {
      if (subject === undefined) throw new Error("it was not started");
      if (part === 0) for (const origin of subject.place.origins) origin.reset();
      const found = await run(subject);
      const isAlike = isDeepStrictEqual(found, expected);
      expect({ found, isAlike }).toEqual({ found, isAlike: not?.includes(name) !== true });
    },
  );
};

describe("docs/migrating.md", () => {
  test("has a behaviour for each idiom, and an idiom for each behaviour", () => {
    expect(IDIOMS.map(({ heading }) => heading)).toEqual(Object.keys(BEHAVIOURS));
  });
});

for (const [index, idiom] of IDIOMS.entries()) {
  for (const name of idiom.snippets.keys()) {
    if (name === "traefik") continue;
    describe.skipIf(!isHere(name))(`${idiom.heading} with ${name}`, () => {
      onProxy(idiom, name, index);
    });
  }
}
