import { describe, expect, test } from "vitest";
import type { Body, ByteSink, ByteSource } from "../../../src/core/body.ts";
import { NO_BODY } from "../../../src/core/body.ts";
import type { ProxyError } from "../../../src/core/errors.ts";
import { limitedBody } from "../../../src/core/limited-body.ts";

class Pieces implements ByteSource {
  readonly #pieces: readonly string[];
  cancelled: ProxyError | undefined;

  constructor(...pieces: readonly string[]) {
    this.#pieces = pieces;
  }
  start(sink: ByteSink): void {
    for (const piece of this.#pieces) {
      if (this.cancelled !== undefined) return;
      sink.write(new TextEncoder().encode(piece));
    }
    if (this.cancelled === undefined) sink.end(["x-sum", "1"]);
  }
  resume(): void {}
  cancel(reason: ProxyError): void {
    this.cancelled = reason;
  }
}

class Collected implements ByteSink {
  text = "";
  trailers: readonly string[] | undefined;
  error: ProxyError | undefined;

  write(bytes: Uint8Array): boolean {
    this.text += new TextDecoder().decode(bytes);
    return true;
  }
  end(trailers: readonly string[]): void {
    this.trailers = trailers;
  }
  fail(error: ProxyError): void {
    this.error = error;
  }
}

const streamOf = (body: Body): ByteSource => {
  if (body.kind !== "stream") throw new TypeError(`expected a stream, found ${body.kind}`);
  return body.source;
};

describe("limited body", () => {
  test("passes on what is known to fit", () => {
    const sized: Body = { kind: "stream", length: 5, source: new Pieces("hello") };
    expect(limitedBody(sized, 5)).toBe(sized);
    expect(limitedBody(NO_BODY, 0)).toBe(NO_BODY);
    const bytes: Body = { kind: "bytes", bytes: new Uint8Array(3) };
    expect(limitedBody(bytes, 3)).toBe(bytes);
  });

  test("refuses a known length over the limit at once", () => {
    const sized: Body = { kind: "stream", length: 6, source: new Pieces("hello!") };
    expect(() => limitedBody(sized, 5)).toThrow(/6 bytes, over the limit of 5/);
    expect(() => limitedBody({ kind: "bytes", bytes: new Uint8Array(6) }, 5)).toThrow(/body of 6 bytes/);
  });

  test("counts a stream of unknown length, and passes on its trailers", () => {
    const sink = new Collected();
    streamOf(limitedBody({ kind: "stream", length: undefined, source: new Pieces("he", "llo") }, 5)).start(
      sink,
    );
    expect([sink.text, sink.trailers, sink.error]).toEqual(["hello", ["x-sum", "1"], undefined]);
  });

  test("fails a stream at the first byte over the limit, and cancels its source", () => {
    const source = new Pieces("he", "llo", "!", "more");
    const sink = new Collected();
    streamOf(limitedBody({ kind: "stream", length: undefined, source }, 5)).start(sink);
    expect(sink.text).toBe("hello");
    expect(sink.error?.code).toBe("body-too-large");
    expect(source.cancelled?.code).toBe("body-too-large");
    expect(sink.trailers).toBeUndefined();
  });

  test("fails a native stream over the limit", async () => {
    const stream = new Response("hello!").body as ReadableStream<Uint8Array>;
    const limited = limitedBody({ kind: "native", length: undefined, stream }, 5);
    expect(limited.kind).toBe("native");
    const read = limited.kind === "native" ? new Response(limited.stream).text() : undefined;
    await expect(read).rejects.toMatchObject({ code: "body-too-large" });
  });
});
