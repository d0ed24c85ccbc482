import { describe, expect, test } from "vitest";
import { withDeadline } from "../../../../src/core/deadline.ts";
import type { AtOnce } from "../../../../runtimes/fetch/hooks.ts";
import { ProxyError } from "../../../../src/core/errors.ts";
import { codeOf, rigOf } from "./rig.ts";

const get = (headers: Record<string, string> = {}): Request =>
  new Request("http://example.test/a?b", { headers });

const post = (body: BodyInit, headers: Record<string, string>): Request =>
  new Request("http://example.test/a", { method: "POST", body, headers, duplex: "half" } as RequestInit);

const streamOf = (...pieces: string[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });

const contentOf = (body: unknown): Promise<string> => new Response(body as BodyInit).text();

/** A body that fails when `signal` does, as those of `fetch` do. */
const endlessUntil = (signal: AbortSignal): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      signal.addEventListener("abort", () => controller.error(signal.reason));
    },
  });

describe("request", () => {
  test("goes to the endpoint with edited fields and follows no redirect", async () => {
    const rig = rigOf(() => new Response("moved", { status: 302, headers: { location: "/x" } }));
    const response = await rig.send(get({ accept: "text/html", "keep-alive": "1", "x-hop": "1" }), {
      drop: ["x-hop"],
    });
    expect([response.status, await response.text()]).toEqual([302, "moved"]);
    const [call] = rig.calls;
    expect(call?.url).toBe("http://origin.test:3000/a?b");
    expect(call?.init.redirect).toBe("manual");
    expect([...(call?.headers ?? [])]).toEqual([["accept", "text/html"]]);
  });

  test("Host is sent when it isn't the endpoint's own, and never where the runtime can't", async () => {
    const able = rigOf(() => new Response());
    await able.send(get(), { host: "shop.test" });
    await able.send(get());
    expect(able.calls.map(({ init }) => (init.headers as Record<string, string>)["host"])).toEqual([
      "shop.test",
      undefined,
    ]);
    const unable = rigOf(() => new Response(), { sendsHost: false });
    await unable.send(get(), { host: "shop.test" });
    expect(unable.calls[0]?.init.headers).toEqual({});
  });

  test("content with GET is refused instead of dropped", async () => {
    const rig = rigOf(() => new Response());
    await expect(rig.send(get({ "content-length": "2" }))).rejects.toMatchObject({ code: "not-implemented" });
    expect(rig.calls).toEqual([]);
  });
});

describe("request content", () => {
  test("small content is sent whole", async () => {
    const rig = rigOf(() => new Response());
    await rig.send(post("hello", { "content-length": "5" }));
    expect(rig.calls[0]?.init.body).toBeInstanceOf(Uint8Array);
    expect(await contentOf(rig.calls[0]?.init.body)).toBe("hello");
  });

  test("large content goes out as the runtime's own stream", async () => {
    const rig = rigOf(() => new Response());
    const request = post(streamOf("x".repeat(65_537)), { "content-length": "65537" });
    await rig.send(request);
    expect(rig.calls[0]?.init.body).toBe(request.body);
  });

  test("small content that does not end is given up with request-timeout", async () => {
    const rig = rigOf(() => new Response());
    const request = post(new ReadableStream(), { "content-length": "5" });
    const failing = codeOf(rig.send(request, { timeouts: { idleMs: 2_000 } }));
    await rig.clock.advance(3_000);
    expect(await failing).toBe("request-timeout");
    expect(rig.calls).toEqual([]);
  });

  test("small content is given up when the client leaves", async () => {
    const rig = rigOf(() => new Response());
    const failing = codeOf(rig.send(post(new ReadableStream(), { "content-length": "5" })));
    rig.client().cancel(new ProxyError("client-closed"));
    expect(await failing).toBe("client-closed");
    expect(rig.calls).toEqual([]);
  });

  test("small content shorter than announced is the client's fault", async () => {
    const rig = rigOf(() => new Response());
    expect(await codeOf(rig.send(post("abc", { "content-length": "5" })))).toBe("client-closed");
    expect(rig.calls).toEqual([]);
  });

  test("content that the runtime would send again is gathered", async () => {
    const rig = rigOf(() => new Response(), { gathers: () => true });
    const text = "x".repeat(65_537);
    await rig.send(post(text, { "content-length": "65537" }));
    expect(rig.calls[0]?.init.body).toBeInstanceOf(Uint8Array);
    expect(await contentOf(rig.calls[0]?.init.body)).toBe(text);
  });

  test("time to the first byte counts from the end of an upload of unknown length", async () => {
    const rig = rigOf(async (call) => {
      await contentOf(call.init.body);
      return undefined as never;
    });
    let end = (): void => {};
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new Uint8Array(3));
        end = () => controller.close();
      },
    });
    const failing = codeOf(rig.send(post(body, { "transfer-encoding": "chunked" })));
    await rig.clock.advance(30_000);
    expect(rig.calls[0]?.signal.aborted).toBe(false);
    end();
    await rig.clock.advance(15_000);
    expect(await failing).toBe("attempt-timeout");
    expect(rig.calls[0]?.signal.aborted).toBe(true);
  });

  test("content over the limit of bytes aborts the attempt", async () => {
    const rig = rigOf(async (call) => {
      await contentOf(call.init.body).catch(() => {});
      return undefined as never;
    });
    const request = post(streamOf("12345", "67890"), { "transfer-encoding": "chunked" });
    await expect(rig.send(request, { maxBodyBytes: 7 })).rejects.toMatchObject({ code: "body-too-large" });
    expect(rig.calls[0]?.signal.aborted).toBe(true);
  });

  test("content that the upstream declines leaves its answer alone, whenever that comes", async () => {
    const rig = rigOf(async (call) => {
      await (call.init.body as ReadableStream).cancel();
      return new Response("too much", { status: 413 });
    });
    const request = post(new ReadableStream(), { "transfer-encoding": "chunked" });
    const response = await rig.send(request);
    expect([response.status, await response.text()]).toEqual([413, "too much"]);
    expect(rig.clock.pending).toBe(0);
  });

  test("content that the upstream declines before it fails is not the client's fault", async () => {
    const rig = rigOf(async (call) => {
      await (call.init.body as ReadableStream).cancel();
      throw new TypeError("connection lost");
    });
    const request = post(new ReadableStream(), { "transfer-encoding": "chunked" });
    await expect(rig.send(request)).rejects.toMatchObject({ code: "upstream-reset" });
  });

  test("upload that ends after its answer began sets no limit on the answer", async () => {
    let end = (): void => {};
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        end = () => controller.close();
      },
    });
    let sent: Promise<string> | undefined;
    const rig = rigOf((call) => {
      sent = contentOf(call.init.body);
      return new Response(endlessUntil(call.signal));
    });
    await rig.send(post(body, { "transfer-encoding": "chunked" }));
    end();
    await sent;
    await rig.clock.advance(60_000);
    expect(rig.calls[0]?.signal.aborted).toBe(false);
  });

  test("content that the upstream stops reading is given up with attempt-timeout", async () => {
    const rig = rigOf(() => undefined);
    const failing = codeOf(rig.send(post(streamOf("abc"), { "transfer-encoding": "chunked" })));
    await rig.clock.advance(60_000);
    expect(await failing).toBe("attempt-timeout");
    expect(rig.clock.pending).toBe(0);
  });

  test("content that breaks off is the client's fault", async () => {
    const rig = rigOf(async (call) => {
      await contentOf(call.init.body).catch(() => {});
      return undefined as never;
    });
    const body = new ReadableStream({
      pull(controller) {
        controller.error(new Error("connection lost"));
      },
    });
    const request = post(body, { "transfer-encoding": "chunked" });
    await expect(rig.send(request)).rejects.toMatchObject({ code: "client-closed" });
  });
});

describe("limits", () => {
  test("upstream that never answers is aborted with attempt-timeout", async () => {
    const rig = rigOf(() => undefined);
    const failing = codeOf(rig.send(get()));
    await rig.clock.advance(15_000);
    expect(await failing).toBe("attempt-timeout");
    expect(rig.calls[0]?.signal.reason).toMatchObject({ code: "attempt-timeout" });
    expect(rig.clock.pending).toBe(0);
  });

  test("client that leaves aborts the upstream request", async () => {
    const rig = rigOf(() => undefined);
    const failing = codeOf(rig.send(get()));
    await rig.clock.advance(10);
    rig.client().cancel(new ProxyError("client-closed"));
    expect(await failing).toBe("client-closed");
    expect(rig.calls[0]?.signal.aborted).toBe(true);
    expect(rig.clock.pending).toBe(0);
  });

  test("client that left before costs no request", async () => {
    const rig = rigOf(() => undefined);
    const gone = {
      reason: undefined,
      subscribe: (listener: (reason: ProxyError) => void) => {
        listener(new ProxyError("client-closed"));
        return () => {};
      },
    };
    await expect(rig.send(get(), { cancellation: gone })).rejects.toMatchObject({ code: "client-closed" });
    expect(rig.calls).toEqual([]);
  });

  test("deadline cuts a body that is on its way and leaves no timer behind one that ended", async () => {
    const endless = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(1));
      },
    });
    const rig = rigOf((_, turn) => new Response(turn === 0 ? endless : "done"));
    const request = get();
    const cut = await rig.send(request, { cancellation: withDeadline(rig.client(), rig.clock, 1_000) });
    const reader = cut.body?.getReader();
    await reader?.read();
    await rig.clock.advance(1_000);
    expect(rig.calls[0]?.signal.reason).toMatchObject({ code: "deadline-exceeded" });
    const done = await rig.send(get(), { cancellation: withDeadline(rig.client(), rig.clock, 1_000) });
    expect(await done.text()).toBe("done");
    expect(rig.clock.pending).toBe(0);
  });

  test("chosen idle limit cuts a body that pauses, a default one doesn't touch it", async () => {
    const pausing = (): Response =>
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(new Uint8Array(1));
          },
        }),
      );
    const rig = rigOf(pausing);
    const chosen = await rig.send(get(), { timeouts: { idleMs: 500, eventStreamIdleMs: 500 } });
    const reading = codeOf(chosen.arrayBuffer());
    await rig.clock.advance(500);
    expect(await reading).toBe("attempt-timeout");
    expect(rig.calls[0]?.signal.aborted).toBe(true);
    await rig.send(get());
    expect(rig.clock.pending).toBe(0);
  });
});

describe("response", () => {
  test("fields are edited, those that Connection names go, Set-Cookie stays apart", async () => {
    const rig = rigOf(
      () =>
        new Response("ok", {
          headers: [
            ["connection", "x-hop"],
            ["x-hop", "1"],
            ["set-cookie", "a=1"],
            ["set-cookie", "b=2"],
          ],
        }),
    );
    const { headers } = await rig.send(get());
    expect(headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect([headers.get("connection"), headers.get("x-hop"), headers.get("x-request-id")]).toEqual([
      null,
      null,
      "id",
    ]);
  });

  test("length is not told beside chunked framing", async () => {
    const rig = rigOf(
      () => new Response("ok", { headers: { "transfer-encoding": "chunked", "content-length": "50" } }),
    );
    expect((await rig.send(get())).headers.get("content-length")).toBeNull();
  });

  test("HEAD keeps the length and has no body", async () => {
    const rig = rigOf(() => new Response(null, { headers: { "content-length": "1234" } }));
    const response = await rig.send(new Request("http://example.test/", { method: "HEAD" }));
    expect([response.headers.get("content-length"), response.body]).toEqual(["1234", null]);
  });

  test("body that nobody has to look at is the upstream's own", async () => {
    const upstream = new Response("ok");
    const rig = rigOf(() => upstream, {
      respond: (response, body) => {
        expect([response, body]).toEqual([upstream, "as it comes"]);
        return response;
      },
    });
    expect(await rig.send(get())).toBe(upstream);
  });

  describe("that is better sent at once", () => {
    const atOnce: AtOnce = {
      suits: (length) => length === 4,
      streamOf: (pieces, length) =>
        new Response(`${length}: ${pieces.map((piece) => new TextDecoder().decode(piece)).join("")}`)
          .body as ReadableStream<Uint8Array>,
    };
    const answer = (body: ReadableStream<Uint8Array>): Response =>
      new Response(body, { headers: { "content-length": "4" } });

    test("is gathered, and then nothing may stop it any more", async () => {
      const rig = rigOf(() => answer(streamOf("ab", "cd")), { atOnce });
      const response = await rig.send(get());
      rig.client().cancel(new ProxyError("client-closed"));
      expect(await response.text()).toBe("4: abcd");
      expect([rig.calls[0]?.signal.aborted, rig.clock.pending]).toEqual([false, 0]);
    });

    test("goes out as it comes when it takes its time", async () => {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      const writer = writable.getWriter();
      const rig = rigOf(() => answer(readable), { atOnce });
      const sending = rig.send(get());
      await writer.write(new TextEncoder().encode("ab"));
      await rig.clock.advance(10);
      const reading = (await sending).text();
      await writer.write(new TextEncoder().encode("cd"));
      await writer.close();
      expect(await reading).toBe("abcd");
    });

    test("is an error of the upstream when it breaks off", async () => {
      const rig = rigOf(() => answer(streamOf("abc")), { atOnce });
      await expect(rig.send(get())).rejects.toMatchObject({ code: "upstream-reset" });
      expect(rig.calls[0]?.signal.aborted).toBe(true);
    });

    test("is given up when the client leaves", async () => {
      const rig = rigOf(({ signal }) => answer(endlessUntil(signal)), { atOnce });
      const failing = codeOf(rig.send(get()));
      await rig.clock.advance(1);
      rig.client().cancel(new ProxyError("client-closed"));
      expect(await failing).toBe("client-closed");
    });
  });

  test("status outside of 200 to 599 is the upstream's fault", async () => {
    const rig = rigOf(() => Object.defineProperty(new Response(), "status", { value: 101 }));
    await expect(rig.send(get())).rejects.toMatchObject({ code: "bad-upstream-response" });
    expect(rig.calls[0]?.signal.aborted).toBe(true);
  });

  test("event stream is watched with its own limit", async () => {
    const rig = rigOf(
      () => new Response(new ReadableStream(), { headers: { "content-type": "text/event-stream" } }),
    );
    const reading = codeOf((await rig.send(get())).text());
    await rig.clock.advance(299_000);
    expect(rig.calls[0]?.signal.aborted).toBe(false);
    await rig.clock.advance(1_000);
    expect(await reading).toBe("attempt-timeout");
  });
});

describe("unanswered request", () => {
  const lost = (): Error => new Error("Network connection lost.");

  test("is sent once more where an old connection may have been the reason", async () => {
    const rig = rigOf((_, turn) => (turn === 1 ? Promise.reject(lost()) : new Response("ok")), {
      repeatsUnanswered: true,
    });
    await rig.send(get());
    expect(await (await rig.send(get())).text()).toBe("ok");
    expect(rig.calls).toHaveLength(3);
  });

  test("is not repeated on an endpoint that never answered, with content, or twice", async () => {
    const rig = rigOf((_, turn) => (turn === 1 ? new Response("ok") : Promise.reject(lost())), {
      repeatsUnanswered: true,
    });
    await expect(rig.send(get())).rejects.toMatchObject({ code: "upstream-reset" });
    expect(rig.calls).toHaveLength(1);
    await rig.send(get());
    await expect(rig.send(post("hello", { "content-length": "5" }))).rejects.toMatchObject({
      code: "upstream-reset",
    });
    expect(rig.calls).toHaveLength(3);
    await expect(rig.send(get())).rejects.toMatchObject({ code: "upstream-reset" });
    expect(rig.calls).toHaveLength(5);
  });

  test("is not repeated unless the transport is to", async () => {
    const rig = rigOf((_, turn) => (turn === 0 ? new Response() : Promise.reject(lost())));
    await rig.send(get());
    await expect(rig.send(get())).rejects.toMatchObject({ code: "upstream-reset" });
    expect(rig.calls).toHaveLength(2);
  });
});

describe("server's idle timer", () => {
  test("is told of exchanges that may be quiet, and when they are over", async () => {
    const told: (number | string)[] = [];
    const rig = rigOf(() => new Response("ok"), {
      mayBeQuiet: (_, ms) => {
        told.push(ms);
        return ms >= 60_000;
      },
      over: () => void told.push("over"),
    });
    await (await rig.send(get())).text();
    expect(told).toEqual([15_000, 60_000, "over"]);
  });
});
