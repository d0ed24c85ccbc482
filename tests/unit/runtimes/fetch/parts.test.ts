import { describe, expect, test } from "vitest";
import { FetchArrival } from "../../../../runtimes/fetch/arrival.ts";
import { LateSignalCancellation } from "../../../../runtimes/fetch/client-gone.ts";
import { queueClock } from "../../../../runtimes/fetch/clock.ts";
import { fetchFailure } from "../../../../runtimes/fetch/failures.ts";
import { fieldsRecord } from "../../../../runtimes/fetch/fields-record.ts";
import { gather } from "../../../../runtimes/fetch/gather.ts";
import { isEventStream, isIdleChosen } from "../../../../runtimes/fetch/idle.ts";
import { webRandom } from "../../../../runtimes/fetch/random.ts";
import { type BodySource, watchedBody } from "../../../../runtimes/fetch/watched-body.ts";
import { ManualClock } from "../../../../runtimes/memory/clock.ts";
import type { Peer } from "../../../../src/core/arrival.ts";
import { type Cancellation, NEVER_CANCELLED } from "../../../../src/core/cancellation.ts";
import type { Endpoint } from "../../../../src/core/endpoint.ts";
import { ProxyError } from "../../../../src/core/errors.ts";
import { peerOf } from "../../../../src/core/peer.ts";
import { codeOf, endpointAt } from "./rig.ts";

describe("queue clock", () => {
  const rig = (): { clock: ReturnType<typeof queueClock>; manual: ManualClock; started: () => number } => {
    const manual = new ManualClock();
    let started = 0;
    const clock = queueClock({
      now: () => manual.now(),
      epoch: () => manual.epoch(),
      start(ms, task) {
        started++;
        manual.after(ms, task);
      },
    });
    return { clock, manual, started: () => started };
  };

  test("tasks run in the order of their times, each not before its own", async () => {
    const { clock, manual } = rig();
    const ran: [string, number][] = [];
    const note = (name: string) => (): void => void ran.push([name, clock.now()]);
    clock.after(50, note("a"));
    await manual.advance(10);
    clock.after(50, note("b"));
    clock.after(20, note("c"));
    await manual.advance(100);
    expect(ran).toEqual([
      ["c", 30],
      ["a", 50],
      ["b", 60],
    ]);
  });

  test("cancelled task does not run and the ones behind it do", async () => {
    const { clock, manual } = rig();
    const ran: string[] = [];
    const cancel = clock.after(50, () => ran.push("cancelled"));
    clock.after(50, () => ran.push("kept"));
    cancel();
    cancel();
    await manual.advance(50);
    expect(ran).toEqual(["kept"]);
  });

  test("ten thousand timers of one duration that are taken back start one timer of the runtime", async () => {
    const { clock, manual, started } = rig();
    for (let i = 0; i < 10_000; i++) clock.after(1_000, () => expect.unreachable())();
    expect(started()).toBe(1);
    await manual.advance(5_000);
    expect(manual.pending).toBe(0);
  });

  test("task may set the next timer of its own duration", async () => {
    const { clock, manual } = rig();
    let runs = 0;
    const again = (): void => {
      if (++runs < 3) clock.after(10, again);
    };
    clock.after(10, again);
    await manual.advance(100);
    expect(runs).toBe(3);
  });
});

describe("random", () => {
  test("ids are 32 hexadecimal digits and differ, past the end of the buffered bytes too", () => {
    const random = webRandom();
    const ids = Array.from({ length: 1_000 }, () => random.id());
    expect(ids.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(1_000);
  });
});

describe("failures", () => {
  const endpoint: Endpoint = endpointAt("http://127.0.0.1:3000");
  const withCode = (code: string): Error => Object.assign(new TypeError("failed"), { code });
  const caused = (message: string): Error => new TypeError("fetch failed", { cause: new Error(message) });
  test.each([
    ["Bun's refused connection", withCode("ECONNREFUSED"), "connect-failed"],
    ["Bun's unknown name", withCode("ENOTFOUND"), "connect-failed"],
    ["Bun's certificate", withCode("DEPTH_ZERO_SELF_SIGNED_CERT"), "connect-failed"],
    ["Bun's server name", withCode("ERR_TLS_CERT_ALTNAME_INVALID"), "connect-failed"],
    ["Bun's lost connection", withCode("ECONNRESET"), "upstream-reset"],
    ["Bun's unasked upgrade", withCode("UnrequestedUpgrade"), "bad-upstream-response"],
    [
      "Deno's refused connection",
      caused("error sending request for url (http://a/): client error (Connect): tcp connect error"),
      "connect-failed",
    ],
    [
      "Deno's malformed head",
      caused("client error (SendRequest): invalid HTTP version parsed"),
      "bad-upstream-response",
    ],
    [
      "Deno's lost connection",
      caused("client error (SendRequest): connection closed before message completed"),
      "upstream-reset",
    ],
    [
      "Deno's lost client",
      caused("Cannot read request body as underlying resource unavailable"),
      "client-closed",
    ],
    ["Deno's client that closed", caused("unexpected EOF while reading HTTP/1 body"), "client-closed"],
    ["workerd's lost connection", new Error("Network connection lost."), "upstream-reset"],
    ["something that is no error", "text", "upstream-reset"],
  ])("%s has its code", (_, thrown, code) => {
    const failure = fetchFailure(thrown, endpoint);
    expect(failure.code).toBe(code);
    expect(failure.cause).toBe(thrown);
  });

  test("a ProxyError stays itself", () => {
    const error = new ProxyError("deadline-exceeded");
    expect(fetchFailure(error, endpoint)).toBe(error);
  });
});

describe("fields record", () => {
  test("values of one name are joined, a cookie's by semicolons", () => {
    expect(fieldsRecord(["via", "1.0 a", "cookie", "a=1", "via", "1.1 b", "cookie", "b=2"])).toEqual({
      via: "1.0 a, 1.1 b",
      cookie: "a=1; b=2",
    });
  });

  test("names that objects have by themselves are fields like others", () => {
    const record = fieldsRecord(["constructor", "a", "__proto__", "b", "constructor", "c"]);
    expect(Object.entries(record)).toEqual([
      ["constructor", "a, c"],
      ["__proto__", "b"],
    ]);
  });
});

describe("idle limits", () => {
  test("limit is chosen when it is the same for every kind of body", () => {
    const timeouts = { connectMs: 0, firstByteMs: 0, idleMs: 60_000, eventStreamIdleMs: 300_000 };
    expect(isIdleChosen(timeouts)).toBe(false);
    expect(isIdleChosen({ ...timeouts, eventStreamIdleMs: 60_000 })).toBe(true);
    expect(isIdleChosen({ ...timeouts, idleMs: 0, eventStreamIdleMs: 0 })).toBe(false);
  });

  test("event streams are told by media type alone", () => {
    expect(["text/event-stream", "Text/Event-Stream; charset=utf-8"].every(isEventStream)).toBe(true);
    expect(["text/event-streams", "text/plain", null].some(isEventStream)).toBe(false);
  });
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Pieces one after the other, then whatever `end` does. */
const sourceOf = (
  pieces: readonly string[],
  end: () => Promise<Uint8Array | undefined> = () => Promise.resolve(undefined),
): BodySource & { readonly cancelled: unknown[] } => {
  const left = [...pieces];
  const cancelled: unknown[] = [];
  return {
    cancelled,
    read: () => {
      const piece = left.shift();
      return piece === undefined ? end() : Promise.resolve(bytes(piece));
    },
    cancel: (reason) => {
      cancelled.push(reason);
      return Promise.resolve();
    },
  };
};

const never = (): Promise<never> => new Promise(() => {});

describe("watched body", () => {
  const watch = (
    ended: unknown[],
    clock: ManualClock,
    more: object = {},
  ): Parameters<typeof watchedBody>[1] => ({
    clock,
    idleMs: 100,
    maxBytes: 6,
    stalled: () => new ProxyError("attempt-timeout"),
    tooLong: () => new ProxyError("body-too-large"),
    ended: (error) => void ended.push(error),
    declined: () => void ended.push("declined"),
    ...more,
  });

  test("pieces pass unchanged and the end is told once, without a timer left", async () => {
    const clock = new ManualClock();
    const ended: unknown[] = [];
    const body = watchedBody(sourceOf(["abc", "def"]), watch(ended, clock));
    expect(await new Response(body).text()).toBe("abcdef");
    expect(ended).toEqual([undefined]);
    expect(clock.pending).toBe(0);
  });

  test("byte too many breaks it off and gives the source up", async () => {
    const ended: unknown[] = [];
    const source = sourceOf(["abcdef", "g"]);
    const body = watchedBody(source, watch(ended, new ManualClock()));
    await expect(new Response(body).text()).rejects.toMatchObject({ code: "body-too-large" });
    expect(ended).toMatchObject([{ code: "body-too-large" }]);
    expect(source.cancelled).toMatchObject([{ code: "body-too-large" }]);
  });

  test("pause of the source breaks it off", async () => {
    const clock = new ManualClock();
    const ended: unknown[] = [];
    const reader = watchedBody(sourceOf(["abc"], never), watch(ended, clock)).getReader();
    await reader.read();
    const reading = codeOf(reader.read());
    await clock.advance(100);
    expect(await reading).toBe("attempt-timeout");
    expect(ended).toHaveLength(1);
  });

  test("pause of the reader is no stall", async () => {
    const clock = new ManualClock();
    const ended: unknown[] = [];
    const reader = watchedBody(sourceOf(["abc", "def"]), watch(ended, clock)).getReader();
    await reader.read();
    await clock.advance(10_000);
    expect(ended).toEqual([]);
    expect((await reader.read()).value).toEqual(bytes("def"));
  });

  test("pause of the reader breaks it off where the reader has to hurry, from the start on", async () => {
    const clock = new ManualClock();
    const ended: unknown[] = [];
    const unread = (): ProxyError => new ProxyError("request-timeout");
    const begun = watchedBody(sourceOf(["abc", "def"]), watch(ended, clock, { unread })).getReader();
    await begun.read();
    watchedBody(sourceOf(["abc"]), watch(ended, clock, { unread }));
    await clock.advance(100);
    expect(ended).toMatchObject([{ code: "request-timeout" }, { code: "request-timeout" }]);
    expect(await codeOf(begun.read())).toBe("request-timeout");
    expect(clock.pending).toBe(0);
  });

  test("reader that leaves gives the source up, and nothing has failed", async () => {
    const clock = new ManualClock();
    const ended: unknown[] = [];
    const source = sourceOf(["abc"], never);
    const body = watchedBody(source, watch(ended, clock, { unread: () => new ProxyError("internal") }));
    await body.cancel("gone");
    expect(ended).toEqual(["declined"]);
    expect(source.cancelled).toEqual(["gone"]);
    expect(clock.pending).toBe(0);
  });
});

describe("gathering", () => {
  test("content that is there at once comes whole", async () => {
    const clock = new ManualClock();
    const content = await gather(sourceOf(["ab", "cd"], never), 4, clock);
    expect(content).toEqual([bytes("ab"), bytes("cd")]);
    expect(clock.pending).toBe(0);
  });

  test("content that takes its time comes as a source of the same bytes", async () => {
    const clock = new ManualClock();
    let send: (piece: Uint8Array) => void = () => {};
    const source = sourceOf(["ab"], () => new Promise((resolve) => void (send = resolve)));
    const gathering = gather(source, 4, clock);
    await clock.advance(50);
    const late = await gathering;
    if (!("read" in late)) throw new Error("came whole");
    expect(await late.read()).toEqual(bytes("ab"));
    const reading = late.read();
    send(bytes("cd"));
    expect(await reading).toEqual(bytes("cd"));
  });

  test("content that ends early is refused", async () => {
    await expect(gather(sourceOf(["ab"]), 4, new ManualClock())).rejects.toThrow(/2 of 4/);
  });
});

describe("arrival", () => {
  class TestArrival extends FetchArrival {
    protected override get urlTellsAuthority(): boolean {
      return true;
    }
    protected override readPeer(): Peer {
      return peerOf("::ffff:192.0.2.1", 1);
    }
    protected override makeCancellation(): Cancellation {
      return NEVER_CANCELLED;
    }
  }
  const arrived = (url: string, headers: Record<string, string> = {}, method = "GET"): TestArrival => {
    const pairs = Object.entries(headers);
    const request = {
      url,
      method,
      headers: {
        forEach: (visit: (value: string, name: string) => void) => pairs.forEach(([n, v]) => visit(v, n)),
      },
    };
    return new TestArrival(request as unknown as Request);
  };

  test.each([
    ["http://a.example/x?y=%2f|^", "/x?y=%2f|^"],
    ["http://a.example/a/../b", "/a/../b"],
    ["http://a.example", "/"],
    ["http://a.example?q", "/?q"],
    ["http://a.example/a#b", "/a#b"],
    ["http://a.example*", "*"],
    ["/bare", "/bare"],
  ])("target of %s is what the server saw", (url, target) => {
    expect(arrived(url).head.target).toBe(target);
  });

  test("authority of the URL counts only beside a Host field", () => {
    expect(arrived("http://x.example/p", { host: "a.example" }).authority).toBe("x.example");
    expect(arrived("http://localhost:8080/").authority).toBeUndefined();
  });

  test("content is present by its framing", () => {
    const of = (headers: Record<string, string>): boolean =>
      arrived("http://a/", headers, "POST").body.present;
    expect([of({}), of({ "content-length": "0" })]).toEqual([false, false]);
    expect([of({ "content-length": "1" }), of({ "transfer-encoding": "chunked" })]).toEqual([true, true]);
  });

  test("content of the app's own is present without framing", () => {
    const made = (init: RequestInit): boolean =>
      new TestArrival(new Request("http://a/", { method: "POST", ...init })).body.present;
    expect(made({ body: new URLSearchParams({ a: "b" }) })).toBe(true);
    expect(made({ headers: { "content-type": "text/plain" } })).toBe(false);
    expect(made({ body: "", headers: { "content-length": "0" } })).toBe(false);
  });

  test("peer is told without IPv4 mapping and zone", () => {
    expect(arrived("http://a/").peer.address).toBe("192.0.2.1");
    expect(peerOf("fe80::1%eth0", undefined).address).toBe("fe80::1");
  });
});

describe("late cancellation", () => {
  const rig = (): {
    abort: AbortController;
    clock: ManualClock;
    cancellation: Cancellation;
    touched: () => number;
  } => {
    const abort = new AbortController();
    let touched = 0;
    const request = {
      get signal() {
        touched++;
        return abort.signal;
      },
    } as Request;
    const clock = new ManualClock();
    return {
      abort,
      clock,
      cancellation: new LateSignalCancellation(request, clock, 50),
      touched: () => touched,
    };
  };

  test("short exchange never touches the request's signal", async () => {
    const { cancellation, clock, touched } = rig();
    cancellation.subscribe(() => expect.unreachable())();
    await clock.advance(100);
    expect(touched()).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test("client that leaves before the signal is touched is noticed then", async () => {
    const { abort, cancellation, clock } = rig();
    const seen: string[] = [];
    cancellation.subscribe(({ code }) => seen.push(code));
    abort.abort();
    expect(seen).toEqual([]);
    await clock.advance(50);
    expect(seen).toEqual(["client-closed"]);
    expect(cancellation.reason?.code).toBe("client-closed");
  });

  test("every subscriber hears of it, late ones at once, gone ones not", async () => {
    const { abort, cancellation, clock } = rig();
    const seen: string[] = [];
    cancellation.subscribe(() => seen.push("first"));
    const leave = cancellation.subscribe(() => seen.push("gone"));
    cancellation.subscribe(() => seen.push("second"));
    leave();
    await clock.advance(60);
    abort.abort();
    cancellation.subscribe(() => seen.push("late"));
    expect(seen.toSorted()).toEqual(["first", "late", "second"]);
  });
});
