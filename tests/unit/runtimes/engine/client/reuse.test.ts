import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { OriginScript } from "../../../../support/raw-origin.ts";
import { free } from "../../../../../runtimes/engine/given-memory.ts";
import { Source, bytesBody, readerOf, streamBody, textOf } from "../../../../support/reading.ts";
import { type Rig, codeOf, errorOf, says, startRig } from "./rig.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

describe("connections of the engine's client", () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startRig();
  });
  afterEach(async () => {
    rig.origin.failures = [];
    await rig.end();
  });

  const restart = async (parts: Parameters<typeof startRig>[0]): Promise<void> => {
    await rig.end();
    rig = await startRig(parts);
  };

  /** Which connection each request came on. */
  const connections = (): number[] => rig.origin.exchanges.map(({ connection }) => connection);

  /** Answers in the order that the test says. */
  const answering = (): { script: OriginScript; answer: (index: number) => Promise<void> } => {
    const done: Map<unknown, () => void> = new Map();
    return {
      script: (exchange) => new Promise<void>((resolve) => done.set(exchange, resolve)),
      async answer(index) {
        const exchange = await rig.origin.request(index);
        await exchange.send(OK);
        done.get(exchange)?.();
      },
    };
  };

  test("are used again, the last one first", async () => {
    const { script, answer } = answering();
    rig.origin.script(script);
    const sent = [rig.send({ target: "/0" }), rig.send({ target: "/1" })];
    await rig.origin.request(1);
    const [zero, one] = rig.origin.seen[0] === "GET /0" ? [0, 1] : [1, 0];
    await answer(one);
    await sent[1]?.outcome;
    await answer(zero);
    await sent[0]?.outcome;
    void rig.send({ target: "/2" });
    await rig.origin.request(2);
    expect(connections()[2]).toBe(connections()[zero]);
  });

  test("serve one request after the other", async () => {
    for (let turn = 0; turn < 3; turn++) {
      const { reply, outcome } = rig.send();
      await reply;
      expect((await outcome).reused).toBe(turn > 0);
    }
    expect(connections()).toEqual([0, 0, 0]);
  });

  test("that say close are not used again", async () => {
    rig.origin.script(says(OK.replace("\r\n", "\r\nConnection: close\r\n")));
    await rig.get();
    await rig.get();
    expect(connections()).toEqual([0, 1]);
  });

  test("with bytes behind a response are not used again, and the response is whole", async () => {
    rig.origin.script(says(`${OK}HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad`));
    expect(await textOf((await rig.get()).body)).toBe("ok");
    await (await rig.origin.request(0)).wire.ended();
    expect(await textOf((await rig.get()).body)).toBe("ok");
    expect(connections()).toEqual([0, 1]);
  });

  for (const [kind, framing, content] of [
    ["a length", "Content-Length: 20000", "x".repeat(20_000)],
    ["chunks", "Transfer-Encoding: chunked", `4e20\r\n${"x".repeat(20_000)}\r\n0\r\n\r\n`],
  ]) {
    test(`with bytes behind content in ${kind}, whose reader freed what was read, are not used again`, async () => {
      rig.origin.script(async (exchange) => {
        await exchange.send(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n`);
        await reading.promise;
        await exchange.send(`${content}HTTP/1.1 200 OK\r\n`);
      });
      const reading = Promise.withResolvers<void>();
      const { body } = await rig.get();
      if (body.kind !== "stream") throw new Error(body.kind);
      const { source } = body;
      expect(source.givesMemory).toBe(true);
      const read = Promise.withResolvers<number>();
      let bytes = 0;
      source.start({
        write(piece) {
          bytes += piece.length;
          if (piece.buffer instanceof ArrayBuffer) piece.buffer.transfer(0);
          return true;
        },
        end: () => read.resolve(bytes),
        fail: read.reject,
      });
      reading.resolve();
      expect(await read.promise).toBe(20_000);
      await (await rig.origin.request(0)).wire.ended();
    });
  }

  test("free no memory that another read may have a part of", async () => {
    const reading = Promise.withResolvers<void>();
    rig.origin.script(async (exchange) => {
      await exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 52000\r\n\r\n");
      await reading.promise;
      await exchange.send("x".repeat(52_000));
    });
    const { body } = await rig.get();
    if (body.kind !== "stream") throw new Error(body.kind);
    const { source } = body;
    const read = Promise.withResolvers<void>();
    const taken: { readonly piece: Uint8Array; readonly isShared: boolean }[] = [];
    source.start({
      write(piece) {
        taken.push({ piece, isShared: piece.length !== piece.buffer.byteLength });
        free(piece);
        return true;
      },
      end: () => read.resolve(),
      fail: read.reject,
    });
    reading.resolve();
    await read.promise;
    expect(taken.length).toBeGreaterThan(0);
    for (const { piece, isShared } of taken) expect(piece.length > 0).toBe(isShared);
  });

  test("on which bytes come unasked are dropped: they answer nobody", async () => {
    await rig.get();
    const exchange = await rig.origin.request(0);
    await exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad");
    await exchange.wire.ended();
    expect(await textOf((await rig.get()).body)).toBe("origin");
    expect(connections()).toEqual([0, 1]);
  });

  test("that the peer closes are dropped at once", async () => {
    await rig.get();
    const { wire } = await rig.origin.request(0);
    wire.finish();
    await wire.ended();
    await rig.get();
    expect(connections()).toEqual([0, 1]);
  });

  test("are kept for as long as the endpoint's setting says", async () => {
    await rig.get();
    await rig.clock.advance(3_900);
    await rig.get();
    await rig.clock.advance(4_100);
    await (await rig.origin.request(0)).wire.ended();
    await rig.get();
    expect(connections()).toEqual([0, 0, 1]);
  });

  test("are kept for two seconds less than the peer keeps them", async () => {
    const keeping = (seconds: number): OriginScript =>
      says(OK.replace("\r\n", `\r\nKeep-Alive: timeout=${seconds}, max=100\r\n`));
    rig.origin.script(keeping(10));
    await rig.get();
    await rig.clock.advance(7_900);
    await rig.get();
    await rig.clock.advance(8_100);
    rig.origin.script(keeping(2));
    await rig.get();
    await rig.get();
    expect(connections()).toEqual([0, 0, 1, 2]);
  });

  test("are closed where more are idle for a second than may be, those used last stay", async () => {
    await restart({ pool: { idle: 2 } });
    const { script, answer } = answering();
    rig.origin.script(script);
    const sent = [0, 1, 2, 3].map(() => rig.send());
    await rig.origin.request(3);
    for (const index of [0, 1, 2, 3]) await answer(index);
    await Promise.all(sent.map(({ outcome }) => outcome));
    expect(rig.origin.open).toBe(4);
    await rig.clock.advance(2_200);
    for (const index of [0, 1]) await (await rig.origin.request(index)).wire.ended();
    expect(rig.origin.open).toBe(2);
  });

  test("are capped, with a line for those that wait", async () => {
    await restart({ pool: { connections: 1 } });
    const { script, answer } = answering();
    rig.origin.script(script);
    const first = rig.send({ target: "/1" });
    await rig.origin.request(0);
    const second = rig.send({ target: "/2" });
    const third = rig.send({ target: "/3", timeouts: { connectMs: 500 } });
    const late = errorOf(third.reply);
    await rig.clock.advance(600);
    expect((await late).code).toBe("overloaded");
    expect((await late).message).toMatch(/all 1 connections stayed busy for 500 ms$/);
    await answer(0);
    await first.reply;
    await answer(1);
    expect((await third.outcome).progress).toBe("connecting");
    expect((await second.reply).status).toBe(200);
  });

  test("take a request from the line when one is given up", async () => {
    await restart({ pool: { connections: 1 } });
    rig.origin.script(() => new Promise<void>(() => {}));
    const first = rig.send({ target: "/1", timeouts: { firstByteMs: 1_000 } });
    await rig.origin.request(0);
    const second = rig.send({ target: "/2" });
    const failed = codeOf(first.reply);
    rig.origin.script(says(OK));
    await rig.clock.advance(1_200);
    expect(await failed).toBe("attempt-timeout");
    expect(await textOf((await second.reply).body)).toBe("ok");
    expect(connections()).toEqual([0, 1]);
  });

  test("that were closed while a request was on its way have it sent once more", async () => {
    let turn = 0;
    rig.origin.script(async (exchange) => {
      if (turn++ === 1) exchange.wire.reset();
      else await exchange.send(OK);
    });
    await rig.get();
    const { reply, outcome } = rig.send({ target: "/again" });
    expect(await textOf((await reply).body)).toBe("ok");
    expect(await outcome).toMatchObject({ ending: "complete", reused: false });
    expect(rig.origin.seen).toEqual(["GET /", "GET /again", "GET /again"]);
  });

  test("are not tried a third time", async () => {
    let turn = 0;
    rig.origin.script(async (exchange) => {
      if (turn++ === 0) await exchange.send(OK);
      else exchange.wire.reset();
    });
    await rig.get();
    expect(await codeOf(rig.get())).toBe("upstream-reset");
    expect(rig.origin.seen).toHaveLength(3);
  });

  const once = {
    "a fresh connection": { fresh: true, parts: {} },
    "a method that is not idempotent": { fresh: false, parts: { method: "POST" } },
    "an unknown method": { fresh: false, parts: { method: "FOO" } },
    "content and a method that is not idempotent": {
      fresh: false,
      parts: { method: "POST", body: bytesBody("x") },
    },
  } as const;
  for (const [what, { fresh, parts }] of Object.entries(once)) {
    test(`never have a request with ${what} sent twice`, async () => {
      if (!fresh) await rig.get();
      rig.origin.reset();
      rig.origin.script(({ wire }) => wire.reset());
      const error = await errorOf(rig.get(parts));
      expect([error.code, error.progress]).toEqual(["upstream-reset", "sent"]);
      expect(rig.origin.seen).toHaveLength(1);
    });
  }

  test("never have a request sent twice once a byte of its response came", async () => {
    await rig.get();
    rig.origin.script(says("HTTP/1.1 2", true));
    expect(await codeOf(rig.get())).toBe("upstream-reset");
    expect(rig.origin.seen).toHaveLength(2);
  });

  test("are not given to others before the request's content is out", async () => {
    rig.origin.script(async (exchange) => {
      await exchange.send(OK);
    });
    const source = new Source();
    const { reply, outcome } = rig.send({ method: "POST", body: streamBody(source, 8) });
    expect(await textOf((await reply).body)).toBe("ok");
    expect((await outcome).ending).toBe("complete");
    await rig.get({ target: "/other" });
    source.write("late");
    source.write("rest");
    source.end();
    const exchange = await rig.origin.request(0);
    expect(String(await exchange.body())).toBe("laterest");
    expect(connections()).toEqual([0, 1]);
  });

  test("are ended when an upload behind a complete response is given up or stalls", async () => {
    rig.origin.script((exchange) => exchange.send(OK));
    const [left, stalled] = [new Source(), new Source()];
    const one = rig.send({ method: "POST", body: streamBody(left, 8) });
    const other = rig.send({ method: "POST", body: streamBody(stalled, 8) });
    await Promise.all([one.reply, other.reply]);
    await rig.clock.advance(20_200);
    for (const index of [0, 1]) await (await rig.origin.request(index)).wire.ended();
    expect((await left.cancelled()).code).toBe("request-timeout");
  });

  test("that the upstream closes behind an early refusal end the upload", async () => {
    rig.origin.script((exchange) =>
      exchange.send("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 4\r\n\r\nno"),
    );
    const source = new Source();
    const { reply } = rig.send({ method: "POST", body: streamBody(source) });
    const { status, body } = await reply;
    expect(status).toBe(413);
    await source.cancelled();
    const exchange = await rig.origin.request(0);
    await exchange.send("ne");
    const reader = readerOf(body);
    await reader.ended();
    expect(reader.text).toBe("none");
    await exchange.wire.ended();
  });

  test("that are idle close with the transport, those in use when they are done", async () => {
    const { script, answer } = answering();
    await rig.get();
    rig.origin.script(script);
    const [, second] = [await rig.origin.request(0), rig.send()];
    const third = rig.send();
    await rig.origin.request(2);
    const closed = rig.transport.close();
    await answer(1);
    await answer(2);
    expect((await second.reply).status).toBe(200);
    expect((await third.reply).status).toBe(200);
    await closed;
    expect(await codeOf(rig.get())).toBe("draining");
  });
});
