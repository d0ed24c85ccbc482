import { describe, expect, test } from "vitest";
import { ManualClock } from "../../../runtimes/memory/mod.ts";
import {
  type ArrivalOptions,
  type FetchArrival,
  type ServerRequest,
  arrivals,
} from "../../../src/web/arrival.ts";
import { textOf } from "../../support/reading.ts";

const host = { host: "shop.test" };

const read = (request: Request, server?: ServerRequest, options: ArrivalOptions = {}): FetchArrival =>
  arrivals({ ...options, server: () => server })(request, undefined);

const real: ServerRequest = { isOriginal: () => true };

describe("Web request", () => {
  test("is read as it is", () => {
    const request = new Request("https://shop.test/a/b?c=d", {
      method: "DELETE",
      headers: { ...host, "x-a": "b" },
    });
    const arrival = read(request);
    expect(arrival).toMatchObject({ method: "DELETE", scheme: "https", target: "/a/b?c=d", request });
    expect(arrival.fields).toEqual(["host", "shop.test", "x-a", "b"]);
    expect(arrival.notes).toMatchObject({ host: "shop.test", contentLength: undefined, chunked: false });
    expect([arrival.refusal, arrival.body.kind, arrival.peer.address]).toEqual([undefined, "none", ""]);
  });

  test("without content by its framing is never asked for its body", () => {
    const request = new Request("http://shop.test/", { method: "POST", headers: host });
    Object.defineProperty(request, "body", {
      get: () => {
        throw new Error("the body was touched");
      },
    });
    for (const contentType of [undefined, "text/plain"]) {
      if (contentType !== undefined) request.headers.set("content-type", contentType);
      expect(read(request, real).body.kind).toBe("none");
    }
  });

  test("has the content that its framing announces", async () => {
    const headers = { ...host, "content-length": "7" };
    const sized = new Request("http://shop.test/", { method: "POST", headers, body: "content" });
    const arrival = read(sized, real);
    expect(arrival.body).toMatchObject({ kind: "stream", length: 7 });
    expect(sized.bodyUsed).toBe(false);
    expect(await textOf(arrival.body)).toBe("content");
  });

  test("with another length than was announced has broken off", async () => {
    const headers = { ...host, "content-length": "9" };
    const request = new Request("http://shop.test/", { method: "POST", headers, body: "content" });
    await expect(textOf(read(request, real).body)).rejects.toMatchObject({ code: "client-closed" });
  });

  test("that the app made has its content without framing", async () => {
    const made = new Request("http://shop.test/", { method: "POST", headers: host, body: "made" });
    for (const server of [undefined, { isOriginal: () => false }]) {
      const arrival = read(made.clone(), server);
      expect([arrival.notes.chunked, arrival.body]).toMatchObject([
        true,
        { kind: "stream", length: undefined },
      ]);
      expect(await textOf(arrival.body)).toBe("made");
    }
  });

  test("is refused where the wire was ambiguous, whatever its headers show", () => {
    const request = new Request("http://shop.test/", { headers: host });
    const refusal = (server: ServerRequest): string | undefined => read(request, server).refusal?.detail;
    expect(refusal({ rawFields: ["Host", "shop.test", "X-A", "1"] })).toBeUndefined();
    expect(refusal({ rawFields: ["Host", "shop.test", "HOST", "evil.test"] })).toMatch(/more than one Host/);
    expect(refusal({ rawFields: ["Transfer-Encoding", "gzip, chunked"] })).toMatch(/other than chunked/);
    expect(refusal({ rawTarget: "/a#b" })).toMatch(/fragment/);
  });

  test("has an authority to be compared with Host where one came with the request line", () => {
    const request = new Request("http://url.test/", { headers: host });
    expect(read(request, { rawTarget: "/" }).authority).toBeUndefined();
    expect(read(request, { rawTarget: "http://line.test/" }).authority).toBe("line.test");
    expect(read(request, real, { urlTellsAuthority: true }).authority).toBe("url.test");
    expect(read(request, { version: "2.0" }).authority).toBe("url.test");
    expect(read(request).authority).toBe("url.test");
  });

  test("holds field values one character a byte", () => {
    const values = {
      received: (pairs: readonly string[]) => pairs.map((text) => text.replace("a", "b")),
      toSend: (pairs: readonly string[]) => pairs,
    };
    const request = new Request("http://shop.test/", { headers: { x: "a" } });
    expect(read(request, undefined, { values }).fields).toEqual(["x", "b"]);
    const control = new Request("http://shop.test/", { headers: { x: "\u0001" } });
    expect(read(control).refusal?.detail).toMatch(/control character/);
  });

  test("asks the server for its peer once, and only where somebody wants to know", () => {
    let asked = 0;
    const peer = { address: "192.0.2.7", port: 4711 };
    const arrival = read(new Request("http://shop.test/"), { peer: () => (asked++, peer) });
    expect(asked).toBe(0);
    expect([arrival.peer, arrival.peer, asked]).toEqual([peer, peer, 1]);
  });
});

describe("client that leaves", () => {
  const left = (
    options: ArrivalOptions = {},
  ): { readonly codes: string[]; readonly client: AbortController; readonly stop: () => void } => {
    const client = new AbortController();
    const codes: string[] = [];
    const { cancellation } = read(new Request("http://shop.test/", { signal: client.signal }), real, options);
    const stop = cancellation.subscribe(({ code }) => codes.push(code));
    return { codes, client, stop };
  };

  test("is told at once", () => {
    const { codes, client } = left();
    client.abort();
    expect(codes).toEqual(["client-closed"]);
  });

  test("is told later where its signal is looked at later, also when it left before", async () => {
    const clock = new ManualClock();
    const { codes, client } = left({ signalPatience: { clock, ms: 250 } });
    client.abort();
    expect(codes).toEqual([]);
    await clock.advance(250);
    expect(codes).toEqual(["client-closed"]);
  });

  test("is nobody's business once the exchange is over, and leaves no timer behind", async () => {
    const clock = new ManualClock();
    const { codes, client, stop } = left({ signalPatience: { clock, ms: 250 } });
    stop();
    expect(clock.pending).toBe(0);
    client.abort();
    await clock.advance(1_000);
    expect(codes).toEqual([]);
  });

  test("is never told where the runtime does not tell", () => {
    const { codes, client } = left({ signalsAbort: false });
    client.abort();
    expect(codes).toEqual([]);
  });
});
