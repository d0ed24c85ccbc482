import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ProxyError } from "../../../../../src/core/errors.ts";
import { Source, bytesBody, sourceOf, streamBody, textOf } from "../../../../support/reading.ts";
import { type Rig, codeOf, startRig } from "./rig.ts";

describe("requests of the engine's client", () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startRig();
  });
  afterEach(async () => {
    rig.origin.failures = [];
    await rig.end();
  });

  const sectionOf = async (parts: Parameters<Rig["get"]>[0]): Promise<string> => {
    await rig.get({ host: "h.test", ...parts });
    return (await rig.origin.request()).section;
  };

  test("keep the client's fields in order and spelling, less what is dropped, and add what is edited", async () => {
    const section = await sectionOf({
      method: "GET",
      target: "/a?b",
      fields: [
        "HOST",
        "client.test",
        "X-One",
        "1",
        "Connection",
        "x-own",
        "X-Own",
        "2",
        "cookie",
        "a=1",
        "X-Gone",
        "3",
      ],
      drop: ["x-own"],
      edits: {
        drop: new Set(["x-gone"]),
        fallback: ["x-one", "no", "x-missing", "yes"],
        add: ["Via", "1.1 test"],
      },
    });
    expect(section.split("\r\n")).toEqual([
      "GET /a?b HTTP/1.1",
      "Host: h.test",
      "X-One: 1",
      "cookie: a=1",
      "x-missing: yes",
      "Via: 1.1 test",
    ]);
  });

  test("carry every byte of a value as it came", async () => {
    expect(await sectionOf({ fields: ["x-latin", "caf\xe9 \xc3\xa9"] })).toContain(
      "x-latin: caf\xe9 \xc3\xa9",
    );
  });

  test("have no framing fields that the client did not send", async () => {
    for (const method of ["POST", "MKCOL", "DELETE", "FOO"]) {
      rig.origin.reset();
      expect(await sectionOf({ method })).toBe(`${method} / HTTP/1.1\r\nHost: h.test`);
    }
  });

  test("keep a Content-Length of 0", async () => {
    const section = await sectionOf({ method: "POST", fields: ["content-length", "0"] });
    expect(section).toBe("POST / HTTP/1.1\r\nHost: h.test\r\nContent-Length: 0");
  });

  test("ask for trailers where the client takes them", async () => {
    const section = await sectionOf({ fields: ["te", "trailers, deflate", "connection", "te"] });
    expect(section).toBe("GET / HTTP/1.1\r\nHost: h.test\r\nConnection: TE\r\nTE: trailers");
  });

  test("say close where connections are not kept", async () => {
    await rig.end();
    rig = await startRig({ pool: { keepAliveMs: 0 } });
    expect(await sectionOf({})).toBe("GET / HTTP/1.1\r\nHost: h.test\r\nConnection: close");
    await rig.get();
    expect(rig.origin.connections).toBe(2);
  });

  test("send a known length, and chunks otherwise, with trailers", async () => {
    await rig.get({ method: "POST", body: streamBody(sourceOf(["ab", "c"]), 3) });
    const sized = await rig.origin.request(0);
    expect([sized.header("content-length"), String(await sized.body())]).toEqual(["3", "abc"]);
    await rig.get({ method: "POST", body: streamBody(sourceOf(["ab", "c"], ["X-Sum", "6"])) });
    const chunked = await rig.origin.request(1);
    expect([chunked.header("transfer-encoding"), String(await chunked.body())]).toEqual(["chunked", "abc"]);
    expect(chunked.trailers?.get("x-sum")).toBe("6");
  });

  test("send large content from memory whole", async () => {
    const text = "0123456789".repeat(100_000);
    const reply = await rig.get({ method: "POST", body: bytesBody(text) });
    expect(reply.status).toBe(200);
    expect(String(await (await rig.origin.request()).body())).toBe(text);
  });

  test("send the head at once, however late the content is", async () => {
    const source = new Source();
    const { reply } = rig.send({ method: "PUT", body: streamBody(source, 4) });
    const exchange = await rig.origin.request();
    expect(exchange.bodyBytes).toBe(0);
    source.write("late");
    source.end();
    expect(await textOf((await reply).body)).toBe("origin");
    expect(String(await exchange.body())).toBe("late");
  });

  test("send what comes in single bytes together while a write is under way", async () => {
    const count = 50_000;
    const letters = function* (): Generator<string> {
      for (let i = 0; i < count; i++) yield "x";
    };
    await rig.get({ method: "POST", body: streamBody(sourceOf(letters())) });
    const exchange = await rig.origin.request();
    expect((await exchange.body()).length).toBe(count);
    // A chunk each would be as many pieces as bytes.
    expect(exchange.pieces.length).toBeLessThan(50);
  });

  test("pause content that is not taken, with a bound on what waits", async () => {
    let held = (): void => {};
    rig.origin.script(async (exchange) => {
      exchange.wire.hold();
      await new Promise<void>((resolve) => (held = resolve));
      exchange.wire.release();
      await exchange.body();
      await exchange.respond(200);
    });
    const source = new Source();
    const { reply } = rig.send({ method: "POST", body: streamBody(source) });
    await source.started();
    let written = 0;
    const piece = new Uint8Array(65_536);
    // The system takes some megabytes; then the source must stay paused.
    for (let turns = 0; turns < 200; turns++) {
      if (!source.isPaused) {
        source.write(piece);
        written += piece.length;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(source.isPaused).toBe(true);
    expect(written).toBeLessThan(16_000_000);
    held();
    await source.resumed();
    source.end();
    expect((await reply).status).toBe(200);
    expect((await rig.origin.request()).bodyBytes).toBe(written);
  });

  for (const [how, rest] of [
    ["shorter", ""],
    ["longer", "cdef"],
  ] as const) {
    test(`are never complete when their content is ${how} than its length`, async () => {
      const source = new Source();
      const { reply, outcome } = rig.send({ method: "POST", body: streamBody(source, 5) });
      await source.started();
      source.write("ab");
      const exchange = await rig.origin.request();
      await exchange.bodyReceived(2);
      if (rest !== "") source.write(rest);
      source.end();
      expect(await codeOf(reply)).toBe("bad-request");
      expect((await outcome).progress).toBe("sent");
      await expect(exchange.body()).rejects.toThrow("ended the connection");
    });
  }

  test("are broken off when their client breaks off", async () => {
    const source = new Source();
    const { reply } = rig.send({ method: "POST", body: streamBody(source) });
    await source.started();
    source.write("half");
    const exchange = await rig.origin.request();
    await exchange.bodyReceived(4);
    source.fail(new ProxyError("client-closed"));
    expect(await codeOf(reply)).toBe("client-closed");
    await expect(exchange.body()).rejects.toThrow("ended the connection");
  });
});
