import { describe, expect, test } from "vitest";
import { ProxyError } from "../../../src/core/errors.ts";
import { byteSourceOf } from "../../../src/web/byte-source.ts";
import { readableOf } from "../../../src/web/readable.ts";
import { Reader, Source, sourceOf } from "../../support/reading.ts";

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

describe("byte source as a stream", () => {
  test("is started by its first reader", async () => {
    const source = new Source();
    let isStarted = false;
    void source.started().then(() => (isStarted = true));
    const stream = readableOf(source);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isStarted).toBe(false);
    const reading = stream.getReader().read();
    await source.started();
    source.write("first");
    expect(text((await reading).value)).toBe("first");
  });

  test("brings every piece to readers that ask for several at once", async () => {
    const reader = readableOf(sourceOf(["a", "b", "c", "d"])).getReader();
    const pieces = await Promise.all([reader.read(), reader.read(), reader.read()]);
    expect(pieces.map(({ value }) => text(value))).toEqual(["a", "b", "c"]);
    expect(text((await reader.read()).value)).toBe("d");
    expect((await reader.read()).done).toBe(true);
  });

  test("brings all of a source that delivers at once", async () => {
    const ends: unknown[] = [];
    const stream = readableOf(sourceOf(["con", "tent"]), {
      declined: () => new ProxyError("client-closed"),
      ended: (error, bytes) => ends.push([error, bytes]),
    });
    expect(await new Response(stream).text()).toBe("content");
    expect(ends).toEqual([[undefined, 7]]);
  });

  test("holds its source up while nobody reads, but for what may be ahead", async () => {
    let pieces = 0;
    function* endless(): Generator<Uint8Array> {
      for (;;) {
        pieces += 1;
        yield new Uint8Array(1_000);
      }
    }
    const reader = readableOf(sourceOf(endless())).getReader();
    await reader.read();
    await new Promise((resolve) => setImmediate(resolve));
    expect(pieces).toBeLessThan(4);
    const ahead = readableOf(sourceOf(endless()), undefined, 10_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(pieces).toBeGreaterThan(8);
    expect(pieces).toBeLessThan(16);
    await ahead.cancel();
  });

  test("passes a failure on, once", async () => {
    const ends: unknown[] = [];
    const source = new Source();
    const failure = new ProxyError("upstream-reset");
    const stream = readableOf(source, { declined: () => failure, ended: (error) => ends.push(error) });
    const reading = stream.getReader().read();
    await source.started();
    source.fail(failure);
    await expect(reading).rejects.toBe(failure);
    expect(ends).toEqual([failure]);
  });

  test("cancels its source with its reader, with the reason that is asked for", async () => {
    const ends: unknown[] = [];
    const source = new Source();
    const reason = new ProxyError("client-closed", { detail: "left" });
    const stream = readableOf(source, { declined: () => reason, ended: (error) => ends.push(error) });
    const reader = stream.getReader();
    const reading = reader.read();
    await source.started();
    await reader.cancel();
    expect((await reading).done).toBe(true);
    expect(await source.cancelled()).toBe(reason);
    expect(ends).toEqual([reason]);
  });
});

describe("stream as a byte source", () => {
  test("is read at its sink's pace", async () => {
    let pulls = 0;
    const stream = new ReadableStream<Uint8Array>(
      { pull: (controller) => (pulls++, controller.enqueue(new Uint8Array(10))) },
      { highWaterMark: 0 },
    );
    const source = byteSourceOf(stream);
    const reader = new Reader(source, true);
    await new Promise((resolve) => setImmediate(resolve));
    expect([pulls, reader.received]).toEqual([1, 10]);
    source.resume();
    await new Promise((resolve) => setImmediate(resolve));
    expect([pulls, reader.received]).toEqual([2, 20]);
    reader.cancel();
  });

  test("says of a failure what it is told to say", async () => {
    const failing = new ReadableStream<Uint8Array>({
      start: (controller) => controller.error(new Error("x")),
    });
    const reader = new Reader(byteSourceOf(failing, (cause) => new ProxyError("client-closed", { cause })));
    expect(await reader.ended()).toBe("client-closed");
  });

  test("is cancelled with the sink, which hears nothing more", async () => {
    let cancelled: unknown;
    const stream = new ReadableStream<Uint8Array>({ cancel: (reason) => void (cancelled = reason) });
    const reader = new Reader(byteSourceOf(stream));
    const reason = new ProxyError("client-closed");
    reader.cancel(reason);
    await new Promise((resolve) => setImmediate(resolve));
    expect([cancelled, reader.isOver]).toEqual([reason, false]);
  });
});
