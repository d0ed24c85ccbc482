/** What every transport does, whatever it reaches its upstreams with. Each implementation runs this suite. */
import { afterEach, describe, expect, test, vi } from "vitest";
import type { ScriptedUpstream } from "../../runtimes/memory/mod.ts";
import { type Cancellation, CancellationSource } from "../../src/core/cancellation.ts";
import { ProxyError } from "../../src/core/errors.ts";
import type { Outcome } from "../../src/core/outcome.ts";
import type { Clock, Transport } from "../../src/core/platform.ts";
import type { HttpReply } from "../../src/core/reply.ts";
import { firstValue } from "../../src/http/headers.ts";
import { type AttemptParts, testAttempt, testEndpoint } from "../support/attempt.ts";
import { Watched } from "../support/bound.ts";
import {
  type Reader,
  Source,
  bytesBody,
  readerOf,
  sourceOf,
  streamBody,
  textOf,
} from "../support/reading.ts";

/** One implementation in front of an origin. */
export interface TransportSubject {
  readonly transport: Transport;
  /** URL of the origin that runs the script. */
  readonly url: string;
  readonly clock: Clock;
  /** Lets `ms` pass where time doesn't by itself. */
  readonly pass: (ms: number) => Promise<void>;
  /** A URL at which nobody listens. */
  readonly deadUrl: string;
  readonly end: () => Promise<void>;
}

export type CreateSubject = (script: ScriptedUpstream) => Promise<TransportSubject>;

const SHORT_MS = 100;

type Parts = Omit<Partial<AttemptParts>, "endpoint" | "cancellation" | "settle" | "endsAt"> & {
  readonly totalMs?: number;
  /** Instead of the origin's. */
  readonly url?: string;
};

interface Rig {
  readonly client: CancellationSource;
  readonly subject: TransportSubject;
  send(parts?: Parts): Promise<HttpReply>;
  /** The outcome, once there is one; more than one fails the test. */
  outcome(): Promise<Outcome>;
  /** Who still listens to the client. */
  listeners(): number;
}

const ends: (() => Promise<void>)[] = [];
const faults: string[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const end of ends.splice(0)) await end();
  const [fault] = faults.splice(0);
  if (fault !== undefined) throw new Error(fault);
});

const countedCancellation = (source: Cancellation, open: Set<object>): Cancellation => ({
  get reason() {
    return source.reason;
  },
  subscribe(listener) {
    const key = {};
    open.add(key);
    const cancel = source.subscribe((reason) => {
      open.delete(key);
      listener(reason);
    });
    return () => {
      open.delete(key);
      cancel();
    };
  },
});

const rigOf = async (create: CreateSubject, script: ScriptedUpstream): Promise<Rig> => {
  const subject = await create(script);
  ends.push(subject.end);
  const client = new CancellationSource();
  const open = new Set<object>();
  const outcomes: Outcome[] = [];
  const changes = new Watched();
  return {
    client,
    subject,
    listeners: () => open.size,
    outcome: () => changes.until(() => outcomes[0], "an outcome"),
    async send({ totalMs, url = subject.url, ...parts } = {}) {
      const reply = await subject.transport.send(
        testAttempt({
          target: "/path?query",
          ...parts,
          endpoint: testEndpoint({ url }),
          endsAt: totalMs === undefined ? Infinity : subject.clock.now() + totalMs,
          cancellation: countedCancellation(client, open),
          settle(outcome) {
            outcomes.push(outcome);
            if (outcomes.length > 1) faults.push("an attempt was settled more than once");
            changes.changed();
          },
        }),
      );
      if (reply.kind !== "http") throw new Error(`a reply of kind ${reply.kind}`);
      return reply;
    },
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
const endless = (
  type = "text/plain",
): { readonly script: ScriptedUpstream; readonly givenUp: Promise<void> } => {
  let tell = (): void => {};
  const givenUp = new Promise<void>((resolve) => (tell = resolve));
  const script: ScriptedUpstream = () =>
    new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(bytes("first")),
        cancel: () => tell(),
      }),
      { headers: { "content-type": type } },
    );
  return { givenUp, script };
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

const echo: ScriptedUpstream = async (request) => new Response(await request.text());

/** A reader of a reply whose first piece came. */
const begun = async (reply: HttpReply): Promise<Reader> => {
  const reader = readerOf(reply.body);
  await reader.until("first".length);
  expect(reader.text).toBe("first");
  return reader;
};

function* endlessPieces(): Generator<Uint8Array> {
  for (;;) yield new Uint8Array(65_536);
}

/** Runs all cases against one implementation. */
export const transportContract = (name: string, create: CreateSubject): void => {
  describe(`${name} transport`, () => {
    answers(create);
    limits(create);
    leaving(create);
    breaking(create);
  });
};

const answers = (create: CreateSubject): void => {
  test("brings the response as it came, and follows no redirect", async () => {
    const seen: string[] = [];
    const rig = await rigOf(create, (request) => {
      const { pathname, search } = new URL(request.url);
      seen.push(`${request.method} ${pathname}${search} ${request.headers.get("x-added") ?? ""}`);
      return new Response("moved", { status: 302, headers: { location: "/x", "x-from": "origin" } });
    });
    const reply = await rig.send({ edits: { add: ["x-added", "yes"] }, fields: ["x-own", "1"] });
    expect([reply.status, await textOf(reply.body)]).toEqual([302, "moved"]);
    expect(firstValue(reply.fields, "location")).toBe("/x");
    expect(firstValue(reply.fields, "x-from")).toBe("origin");
    expect(seen).toEqual(["GET /path?query yes"]);
    expect(await rig.outcome()).toMatchObject({
      ending: "complete",
      progress: "done",
      status: 302,
      error: undefined,
      bytesReceived: 5,
    });
    expect(rig.listeners()).toBe(0);
  });

  test("brings no hop-by-hop and no framing fields", async () => {
    const rig = await rigOf(
      create,
      () => new Response("ok", { headers: { "content-length": "2", "x-a": "b" } }),
    );
    const { fields } = await rig.send();
    for (const field of ["connection", "keep-alive", "transfer-encoding", "content-length"]) {
      expect(firstValue(fields, field)).toBeUndefined();
    }
    expect(firstValue(fields, "x-a")).toBe("b");
  });

  const contents = {
    "in memory": () => bytesBody("content"),
    "in pieces of a known length": () => streamBody(sourceOf(["con", "tent"]), 7),
    "in pieces of unknown length": () => streamBody(sourceOf(["con", "tent"])),
    "in a native stream": () =>
      ({ kind: "native", length: 7, stream: new Blob(["content"]).stream() }) as const,
  };
  for (const [how, body] of Object.entries(contents)) {
    test(`takes content there ${how}`, async () => {
      const rig = await rigOf(create, echo);
      const reply = await rig.send({ method: "POST", body: body() });
      expect(await textOf(reply.body)).toBe("content");
      expect(await rig.outcome()).toMatchObject({ ending: "complete", bytesSent: 7, bytesReceived: 7 });
      expect(rig.listeners()).toBe(0);
    });
  }

  test("brings no content in answer to HEAD, but its length", async () => {
    const rig = await rigOf(create, () => new Response("content", { headers: { "content-length": "7" } }));
    const reply = await rig.send({ method: "HEAD" });
    expect([reply.body.kind, reply.declaredLength]).toEqual(["none", 7]);
    expect((await rig.outcome()).ending).toBe("complete");
    expect(rig.listeners()).toBe(0);
  });

  test("brings a large response at its reader's pace", async () => {
    const rig = await rigOf(create, () => new Response(new Blob([new Uint8Array(4_000_000).fill(97)])));
    const reader = readerOf((await rig.send()).body, true);
    await reader.pull();
    expect([reader.received, reader.error]).toEqual([4_000_000, undefined]);
    expect(await rig.outcome()).toMatchObject({ ending: "complete", bytesReceived: 4_000_000 });
  });
};

const limits = (create: CreateSubject): void => {
  const idle = { idleMs: SHORT_MS, eventStreamIdleMs: SHORT_MS };

  test("gives up an origin that sends no head in time", async () => {
    const { script, asked, givenUp } = silent();
    const rig = await rigOf(create, script);
    const code = codeOf(rig.send({ timeouts: { firstByteMs: SHORT_MS } }));
    await asked;
    await rig.subject.pass(3 * SHORT_MS);
    expect(await code).toBe("attempt-timeout");
    await givenUp;
    expect(await rig.outcome()).toMatchObject({ ending: "failed", progress: "sent", status: undefined });
    expect(rig.listeners()).toBe(0);
  });

  test("gives up a body that pauses for too long", async () => {
    const { script, givenUp } = endless();
    const rig = await rigOf(create, script);
    const reader = await begun(await rig.send({ timeouts: { ...idle, eventStreamIdleMs: 20_000 } }));
    await rig.subject.pass(3 * SHORT_MS);
    expect(await reader.ended()).toBe("attempt-timeout");
    await givenUp;
    expect(await rig.outcome()).toMatchObject({ ending: "failed", progress: "head", status: 200 });
    expect(rig.listeners()).toBe(0);
  });

  test("lets an event stream be quiet for longer", async () => {
    const { script } = endless("text/event-stream; charset=utf-8");
    const rig = await rigOf(create, script);
    const reader = await begun(await rig.send({ timeouts: { idleMs: 1, eventStreamIdleMs: 4 * SHORT_MS } }));
    const began = rig.subject.clock.now();
    await rig.subject.pass(7 * SHORT_MS);
    expect(await reader.ended()).toBe("attempt-timeout");
    expect(rig.subject.clock.now() - began).toBeGreaterThan(3 * SHORT_MS);
  });

  test("gives up a client whose content pauses for too long", async () => {
    const rig = await rigOf(create, echo);
    const source = new Source();
    const code = codeOf(rig.send({ method: "POST", body: streamBody(source), timeouts: idle }));
    await source.started();
    source.write("first");
    await rig.subject.pass(3 * SHORT_MS);
    expect(await code).toBe("request-timeout");
    expect((await source.cancelled()).code).toBe("request-timeout");
    expect(rig.listeners()).toBe(0);
  });

  test("gives up an origin that reads no content", async () => {
    const { script, asked } = silent();
    const rig = await rigOf(create, script);
    const body = streamBody(sourceOf(endlessPieces()));
    const code = codeOf(rig.send({ method: "POST", body, timeouts: idle }));
    await asked;
    await rig.subject.pass(3 * SHORT_MS);
    expect(await code).toBe("attempt-timeout");
    expect(rig.listeners()).toBe(0);
  });

  test("gives up an origin when the total time is over before the head", async () => {
    const { script, asked, givenUp } = silent();
    const rig = await rigOf(create, script);
    const code = codeOf(rig.send({ totalMs: SHORT_MS }));
    await asked;
    await rig.subject.pass(3 * SHORT_MS);
    expect(await code).toBe("deadline-exceeded");
    await givenUp;
    expect(rig.listeners()).toBe(0);
  });

  test("gives up a body when the total time is over", async () => {
    const { script, givenUp } = endless();
    const rig = await rigOf(create, script);
    const reader = await begun(await rig.send({ totalMs: 5 * SHORT_MS }));
    await rig.subject.pass(7 * SHORT_MS);
    expect(await reader.ended()).toBe("deadline-exceeded");
    await givenUp;
    expect(rig.listeners()).toBe(0);
  });

  test("has no limit where it is 0", async () => {
    const rig = await rigOf(create, echo);
    const none = { connectMs: 0, firstByteMs: 0, idleMs: 0, eventStreamIdleMs: 0 };
    const reply = await rig.send({ method: "POST", body: bytesBody("x"), timeouts: none });
    expect(await textOf(reply.body)).toBe("x");
  });
};

const leaving = (create: CreateSubject): void => {
  test("gives up an origin when the client leaves before the head", async () => {
    const { script, asked, givenUp } = silent();
    const rig = await rigOf(create, script);
    const code = codeOf(rig.send());
    await asked;
    rig.client.cancel(new ProxyError("client-closed"));
    expect(await code).toBe("client-closed");
    await givenUp;
    expect(await rig.outcome()).toMatchObject({ ending: "failed", progress: "sent" });
    expect(rig.listeners()).toBe(0);
  });

  test("gives up a body when the client leaves in the middle", async () => {
    const { script, givenUp } = endless();
    const rig = await rigOf(create, script);
    const reader = await begun(await rig.send());
    rig.client.cancel(new ProxyError("client-closed"));
    await givenUp;
    expect(await reader.ended()).toBe("client-closed");
    expect(await rig.outcome()).toMatchObject({ ending: "failed", progress: "head", status: 200 });
    expect(rig.listeners()).toBe(0);
  });

  test("gives up a body that nobody has started to read when the client leaves", async () => {
    const { script, givenUp } = endless();
    const rig = await rigOf(create, script);
    const { body } = await rig.send();
    rig.client.cancel(new ProxyError("client-closed"));
    await givenUp;
    expect(await readerOf(body).ended()).toBe("client-closed");
    expect(rig.listeners()).toBe(0);
  });

  test("gives up a body whose reader cancels it, and tells the reader nothing more", async () => {
    const { script, givenUp } = endless();
    const rig = await rigOf(create, script);
    const reader = await begun(await rig.send());
    reader.cancel();
    await givenUp;
    expect((await rig.outcome()).ending).toBe("failed");
    expect(reader.isOver).toBe(false);
    expect(rig.listeners()).toBe(0);
  });

  test("gives up the client's content when the client leaves", async () => {
    const { script, asked } = silent();
    const rig = await rigOf(create, script);
    const source = new Source();
    const code = codeOf(rig.send({ method: "POST", body: streamBody(source) }));
    await source.started();
    source.write("first");
    await asked;
    rig.client.cancel(new ProxyError("client-closed"));
    expect(await code).toBe("client-closed");
    expect((await source.cancelled()).code).toBe("client-closed");
  });

  test("asks nobody for a client that has left", async () => {
    let asked = 0;
    const rig = await rigOf(create, () => (asked++, new Response()));
    rig.client.cancel(new ProxyError("client-closed"));
    expect(await codeOf(rig.send())).toBe("client-closed");
    expect(await rig.outcome()).toMatchObject({ ending: "failed", progress: "connecting" });
    expect([asked, rig.listeners()]).toEqual([0, 0]);
  });
};

const breaking = (create: CreateSubject): void => {
  test("tells a connection that broke from one that can't be made", async () => {
    const rig = await rigOf(create, () => {
      throw new Error("a broken connection");
    });
    expect(await codeOf(rig.send())).toBe("upstream-reset");
    expect((await rig.outcome()).progress).toBe("sent");
    const none = await rigOf(create, () => new Response());
    expect(await codeOf(none.send({ url: none.subject.deadUrl }))).toBe("connect-failed");
    expect((await none.outcome()).progress).toBe("connecting");
    expect(rig.listeners() + none.listeners()).toBe(0);
  });

  test("fails a body whose origin breaks off", async () => {
    let breakOff = (): void => {};
    const rig = await rigOf(create, () => {
      const start = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
        controller.enqueue(bytes("first"));
        breakOff = () => controller.error(new Error("broken off"));
      };
      return new Response(new ReadableStream({ start }));
    });
    const reader = await begun(await rig.send());
    // Where the origin's server tells of it.
    vi.spyOn(console, "error").mockImplementation(() => {});
    breakOff();
    expect(await reader.ended()).toBe("upstream-reset");
    expect(await rig.outcome()).toMatchObject({ ending: "failed", progress: "head" });
    expect(rig.listeners()).toBe(0);
  });

  test("never completes a request whose content breaks off", async () => {
    const completed: string[] = [];
    const rig = await rigOf(create, async (request) => {
      completed.push(await request.text());
      return new Response();
    });
    const source = new Source();
    const code = codeOf(rig.send({ method: "POST", body: streamBody(source) }));
    await source.started();
    source.write("first");
    source.fail(new ProxyError("client-closed"));
    expect(await code).toBe("client-closed");
    expect((await rig.outcome()).ending).toBe("failed");
    expect(completed).toEqual([]);
  });

  test("takes no more requests once closed", async () => {
    const rig = await rigOf(create, () => new Response());
    await rig.subject.transport.close();
    expect(await codeOf(rig.send())).toBe("draining");
    expect((await rig.outcome()).progress).toBe("connecting");
  });
};
