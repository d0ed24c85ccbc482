import { afterEach, describe, expect, test, vi } from "vitest";
import { fieldsRecord } from "../../runtimes/fetch/fields-record.ts";
import { fetchTransport } from "../../runtimes/fetch/transport.ts";
import { type ScriptedUpstream, memoryPlatform } from "../../runtimes/memory/mod.ts";
import { nodeClock } from "../../runtimes/node/clock.ts";
import { nodeTransport } from "../../runtimes/node/transport.ts";
import { type Cancellation, CancellationSource } from "../../src/core/cancellation.ts";
import { withDeadline } from "../../src/core/deadline.ts";
import type { AttemptTimeouts } from "../../src/core/endpoint.ts";
import type { Attempt } from "../../src/core/exchange.ts";
import { ProxyError } from "../../src/core/errors.ts";
import type { Cancel, Clock, Transport } from "../../src/core/platform.ts";
import { webArrival } from "../../src/core/web-arrival.ts";
import { NO_EDITS } from "../../src/http/header-edits.ts";
import { HOP_BY_HOP } from "../../src/http/headers.ts";
import { createEndpoint } from "../../src/upstream/endpoint.ts";
import { startScriptedOrigin } from "../support/scripted-origin.ts";

interface Subject {
  readonly transport: Transport;
  /** URL of the origin that runs the script. */
  readonly url: string;
  readonly clock: Clock;
  /** Lets `ms` pass where time doesn't by itself. */
  readonly pass: (ms: number) => Promise<void>;
  readonly end: () => Promise<void>;
}

const inMemory = (script: ScriptedUpstream): Promise<Subject> => {
  const url = "http://origin.test:3000";
  const { transport, clock } = memoryPlatform({ upstreams: { [url]: script } });
  return Promise.resolve({
    transport,
    url,
    clock,
    pass: (ms) => clock.advance(ms),
    end: () => transport.close(),
  });
};

const onLoopback =
  (create: (clock: Clock) => Transport) =>
  async (script: ScriptedUpstream): Promise<Subject> => {
    const origin = await startScriptedOrigin(script);
    const transport = create(nodeClock);
    return {
      transport,
      url: origin.url,
      clock: nodeClock,
      pass: async () => {},
      async end() {
        // Kept connections are the origin's to close.
        await origin.stop();
        await transport.close();
      },
    };
  };

const nodesFetch = (clock: Clock): Transport =>
  fetchTransport({
    clock,
    fetch,
    endpointInit: () => ({}),
    sendsHost: false,
    declaresLength: false,
    fieldsInit: fieldsRecord,
    contentOf: (content) => content ?? null,
    endsWithClient: false,
    respond(upstream, body, edit) {
      const { status, headers } = upstream;
      const response = new Response(body === "as it comes" ? upstream.body : body, { status, headers });
      edit(response.headers);
      return response;
    },
    repeatsUnanswered: false,
  });

const SUBJECTS: Readonly<Record<string, (script: ScriptedUpstream) => Promise<Subject>>> = {
  memory: inMemory,
  Node: onLoopback(nodeTransport),
  fetch: onLoopback(nodesFetch),
};

/** Longer than any test takes; shorter ones are what is tested. */
const AMPLE: AttemptTimeouts = {
  connectMs: 20_000,
  firstByteMs: 20_000,
  idleMs: 20_000,
  eventStreamIdleMs: 20_000,
};
const SHORT_MS = 100;

interface Parts {
  readonly timeouts?: Partial<AttemptTimeouts>;
  readonly totalMs?: number;
  readonly maxBodyBytes?: number;
  readonly request?: RequestInit;
  /** Instead of the origin's. */
  readonly url?: string;
}

interface Rig extends Pick<Subject, "pass"> {
  readonly client: CancellationSource;
  send(parts?: Parts): Promise<Response>;
  /** Who listens to the client and which timers the exchange left. */
  pending(): number;
}

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const end of ends.splice(0)) await end();
});

/** What was asked for and neither came nor was taken back. */
class Ledger {
  readonly #open: Set<object> = new Set();

  get count(): number {
    return this.#open.size;
  }

  /** Asks with a task that counts as done once it runs or is taken back. */
  entry<Args extends readonly unknown[]>(
    ask: (task: (...args: Args) => void) => Cancel,
    task: (...args: Args) => void,
  ): Cancel {
    const key = {};
    this.#open.add(key);
    const cancel = ask((...args) => {
      this.#open.delete(key);
      task(...args);
    });
    return () => {
      this.#open.delete(key);
      cancel();
    };
  }
}

const countedClock = (clock: Clock, ledger: Ledger): Clock => ({
  now: () => clock.now(),
  epoch: () => clock.epoch(),
  after: (ms, task) => ledger.entry((run) => clock.after(ms, run), task),
});

const countedCancellation = (source: Cancellation, ledger: Ledger): Cancellation => ({
  get reason() {
    return source.reason;
  },
  subscribe: (listener) => ledger.entry<[ProxyError]>((tell) => source.subscribe(tell), listener),
});

const attemptOf = (
  url: string,
  cancellations: readonly [client: Cancellation, all: Cancellation],
  parts: Parts,
): Attempt => {
  const request = new Request("http://example.test/path?query", {
    duplex: "half",
    ...parts.request,
  } as RequestInit);
  const [client, cancellation] = cancellations;
  const { head, body, peer } = webArrival(request);
  const arrival = { head, body, peer, request, cancellation: client };
  const endpoint = createEndpoint({
    upstream: "origin",
    url,
    weight: 1,
    tls: undefined,
    pool: { connections: 4, keepAliveMs: 4_000, pipelining: 1 },
  });
  const { target } = head;
  return {
    exchange: {
      id: "id",
      idHeaders: [],
      arrival,
      client: { address: "", scheme: "http", host: "example.test", forwardedFor: "" },
      route: "route",
      params: {},
      target,
      path: "/path",
      query: "?query",
      drop: [],
      disregarded: [],
      contentLength: body.length,
      responseEdits: [],
      responseFields: [],
      maxBodyBytes: parts.maxBodyBytes ?? Number.POSITIVE_INFINITY,
      cancellation,
    },
    endpoint,
    target,
    host: endpoint.authority,
    requestEdits: { ...NO_EDITS, drop: new Set([...HOP_BY_HOP, "host", "content-length"]) },
    responseEdits: { ...NO_EDITS, drop: new Set([...HOP_BY_HOP, "server"]), add: ["x-request-id", "id"] },
    timeouts: { ...AMPLE, ...parts.timeouts },
    cancellation,
  };
};

/** The code that `failing` rejects with. */
const codeOf = (failing: Promise<unknown>): Promise<string> =>
  failing.then(
    () => "no failure",
    (error: unknown) => (error instanceof ProxyError ? error.code : `no ProxyError: ${String(error)}`),
  );

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** An answer whose head and first piece come, and nothing more. Tells when it is given up. */
const endless = (): { readonly script: ScriptedUpstream; readonly givenUp: Promise<void> } => {
  let tell = (): void => {};
  const givenUp = new Promise<void>((resolve) => (tell = resolve));
  return {
    givenUp,
    script: () =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(bytes("first")),
          cancel: () => tell(),
        }),
      ),
  };
};

/** Never answers. Tells when it is asked and when it is given up. */
const silent = (): {
  readonly script: ScriptedUpstream;
  readonly asked: Promise<void>;
  readonly givenUp: Promise<void>;
} => {
  let ask = (): void => {};
  let tell = (): void => {};
  const asked = new Promise<void>((resolve) => (ask = resolve));
  const givenUp = new Promise<void>((resolve) => (tell = resolve));
  const script: ScriptedUpstream = ({ signal }) => {
    ask();
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => {
        tell();
        resolve(new Response());
      });
    });
  };
  return { script, asked, givenUp };
};

describe.each(Object.entries(SUBJECTS))("%s transport", (_, create) => {
  const rigOf = async (script: ScriptedUpstream): Promise<Rig> => {
    const ledger = new Ledger();
    const subject = await create(script);
    ends.push(subject.end);
    const client = new CancellationSource();
    const clock = countedClock(subject.clock, ledger);
    return {
      pass: subject.pass,
      client,
      pending: () => ledger.count,
      send(parts = {}) {
        const gone = countedCancellation(client, ledger);
        const all = parts.totalMs === undefined ? gone : withDeadline(gone, clock, parts.totalMs);
        return subject.transport.send(attemptOf(parts.url ?? subject.url, [gone, all], parts));
      },
    };
  };

  /** The reader of a body whose first piece was read. */
  const begun = async (response: Response): Promise<ReadableStreamDefaultReader<Uint8Array>> => {
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect((await reader.read()).value).toEqual(Uint8Array.from(bytes("first")));
    return reader;
  };

  test("brings the answer with its fields edited, and follows no redirect", async () => {
    const seen: string[] = [];
    const rig = await rigOf((request) => {
      seen.push(`${request.method} ${new URL(request.url).pathname}${new URL(request.url).search}`);
      return new Response("moved", { status: 302, headers: { location: "/x", server: "origin" } });
    });
    const response = await rig.send();
    expect([response.status, await response.text()]).toEqual([302, "moved"]);
    expect(response.headers.get("location")).toBe("/x");
    expect(response.headers.get("server")).toBeNull();
    expect(response.headers.get("x-request-id")).toBe("id");
    expect(seen).toEqual(["GET /path?query"]);
    expect(rig.pending()).toBe(0);
  });

  test("takes content there unchanged", async () => {
    const rig = await rigOf(async (request) => new Response(await request.text()));
    const response = await rig.send({ request: { method: "POST", body: "content" }, maxBodyBytes: 7 });
    expect(await response.text()).toBe("content");
    expect(rig.pending()).toBe(0);
  });

  test("brings no content in answer to HEAD", async () => {
    const rig = await rigOf(() => new Response("content", { headers: { "content-length": "7" } }));
    const response = await rig.send({ request: { method: "HEAD" } });
    expect([response.headers.get("content-length"), await response.text()]).toEqual(["7", ""]);
    expect(rig.pending()).toBe(0);
  });

  test("gives up an origin that sends no head in time", async () => {
    const { script, asked, givenUp } = silent();
    const rig = await rigOf(script);
    const code = codeOf(rig.send({ timeouts: { firstByteMs: SHORT_MS } }));
    await asked;
    await rig.pass(SHORT_MS);
    expect(await code).toBe("attempt-timeout");
    await givenUp;
    expect(rig.pending()).toBe(0);
  });

  test("gives up a body that pauses for too long", async () => {
    const { script, givenUp } = endless();
    const rig = await rigOf(script);
    const idle = { idleMs: SHORT_MS, eventStreamIdleMs: SHORT_MS };
    const reader = await begun(await rig.send({ timeouts: idle }));
    const code = codeOf(reader.read());
    await rig.pass(SHORT_MS);
    expect(await code).toBe("attempt-timeout");
    await givenUp;
    expect(rig.pending()).toBe(0);
  });

  test("gives up a client whose content pauses for too long", async () => {
    const rig = await rigOf(async (request) => new Response(await request.text()));
    const body = new ReadableStream({ start: (controller) => controller.enqueue(bytes("first")) });
    const idle = { idleMs: SHORT_MS, eventStreamIdleMs: SHORT_MS };
    const code = codeOf(rig.send({ request: { method: "POST", body }, timeouts: idle }));
    await rig.pass(SHORT_MS);
    expect(await code).toBe("request-timeout");
    expect(rig.pending()).toBe(0);
  });

  test("gives up an origin that reads no content", async () => {
    const { script, asked } = silent();
    const rig = await rigOf(script);
    const body = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) });
    const idle = { idleMs: SHORT_MS, eventStreamIdleMs: SHORT_MS };
    const code = codeOf(rig.send({ request: { method: "POST", body }, timeouts: idle }));
    await asked;
    await rig.pass(SHORT_MS);
    expect(await code).toBe("attempt-timeout");
    expect(rig.pending()).toBe(0);
  });

  test("gives up an origin when the total time is over before the head", async () => {
    const { script, asked, givenUp } = silent();
    const rig = await rigOf(script);
    const code = codeOf(rig.send({ totalMs: SHORT_MS }));
    await asked;
    await rig.pass(SHORT_MS);
    expect(await code).toBe("deadline-exceeded");
    await givenUp;
    expect(rig.pending()).toBe(0);
  });

  test("gives up a body when the total time is over", async () => {
    const { script, givenUp } = endless();
    const rig = await rigOf(script);
    const reader = await begun(await rig.send({ totalMs: 5 * SHORT_MS }));
    const code = codeOf(reader.read());
    await rig.pass(5 * SHORT_MS);
    expect(await code).toBe("deadline-exceeded");
    await givenUp;
    expect(rig.pending()).toBe(0);
  });

  test("gives up an origin when the client leaves before the head", async () => {
    const { script, asked, givenUp } = silent();
    const rig = await rigOf(script);
    const code = codeOf(rig.send());
    await asked;
    rig.client.cancel(new ProxyError("client-closed"));
    expect(await code).toBe("client-closed");
    await givenUp;
    expect(rig.pending()).toBe(0);
  });

  test("gives up a body when the client leaves in the middle, whether or not somebody reads", async () => {
    const { script, givenUp } = endless();
    const rig = await rigOf(script);
    const reader = await begun(await rig.send());
    rig.client.cancel(new ProxyError("client-closed"));
    await givenUp;
    expect(await codeOf(reader.read())).toBe("client-closed");
    expect(rig.pending()).toBe(0);
  });

  test("gives up a body that whoever asked for it cancels", async () => {
    const { script, givenUp } = endless();
    const rig = await rigOf(script);
    const reader = await begun(await rig.send());
    await reader.cancel();
    await givenUp;
    expect(rig.pending()).toBe(0);
  });

  test("asks nobody for a client that has left", async () => {
    let asked = 0;
    const rig = await rigOf(() => (asked++, new Response()));
    rig.client.cancel(new ProxyError("client-closed"));
    expect(await codeOf(rig.send())).toBe("client-closed");
    expect(asked).toBe(0);
    expect(rig.pending()).toBe(0);
  });

  test("counts content whose length nobody told", async () => {
    const rig = await rigOf(async (request) => new Response(await request.text()));
    const request = { method: "POST", body: "12345678" };
    expect(await codeOf(rig.send({ request, maxBodyBytes: 7 }))).toBe("body-too-large");
    expect(rig.pending()).toBe(0);
  });

  test("tells a connection that broke from one that can't be made", async () => {
    const rig = await rigOf(() => {
      throw new Error("a broken connection");
    });
    expect(await codeOf(rig.send())).toBe("upstream-reset");
    const gone = await startScriptedOrigin(() => new Response());
    await gone.stop();
    expect(await codeOf(rig.send({ url: gone.url }))).toBe("connect-failed");
    expect(rig.pending()).toBe(0);
  });

  test("fails a body whose origin breaks off", async () => {
    let breakOff = (): void => {};
    const rig = await rigOf(
      () =>
        new Response(
          new ReadableStream({
            start(controller) {
              controller.enqueue(bytes("first"));
              breakOff = () => controller.error(new Error("broken off"));
            },
          }),
        ),
    );
    const reader = await begun(await rig.send());
    // Where the origin's server tells of it.
    vi.spyOn(console, "error").mockImplementation(() => {});
    breakOff();
    await expect(reader.read()).rejects.toBeInstanceOf(Error);
    expect(rig.pending()).toBe(0);
  });
});
