import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readerOf, textOf } from "../../../../support/reading.ts";
import { type Rig, codeOf, errorOf, says, startRig } from "./rig.ts";

describe("responses to the engine's client", () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startRig();
  });
  afterEach(async () => {
    rig.origin.failures = [];
    await rig.end();
  });

  const answer = (text: string, thenCloses = false, method = "GET"): ReturnType<Rig["send"]> => {
    rig.origin.script(says(text, thenCloses));
    return rig.send({ method });
  };

  test("come with their fields in order and spelling, without those of the connection", async () => {
    const { reply } = answer(
      "HTTP/1.1 299 Odd\r\nX-B: 1\r\nConnection: x-c\r\nKeep-Alive: timeout=9\r\nx-a:  caf\xe9 \r\nx-c: 2\r\n" +
        "Set-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 2\r\n\r\nok",
    );
    const { status, fields, body } = await reply;
    expect(status).toBe(299);
    expect(fields).toEqual(["X-B", "1", "x-a", "caf\xe9", "Set-Cookie", "a", "Set-Cookie", "b"]);
    expect([body.kind, await textOf(body)]).toEqual(["bytes", "ok"]);
  });

  test("are bytes in memory when they came whole, chunked ones too", async () => {
    const { reply, outcome } = answer(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    );
    const { body } = await reply;
    expect([body.kind, await textOf(body)]).toEqual(["bytes", "abcde"]);
    expect(await outcome).toMatchObject({ ending: "complete", version: "1.1", bytesReceived: 5 });
  });

  test("that are empty differ from those that have no content", async () => {
    const empty = await answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").reply;
    expect([empty.body.kind, await textOf(empty.body)]).toEqual(["bytes", ""]);
    const none = await answer("HTTP/1.1 204 No Content\r\n\r\n").reply;
    expect([none.body.kind, none.declaredLength]).toEqual(["none", undefined]);
    const unchanged = await answer("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n").reply;
    expect([unchanged.body.kind, unchanged.declaredLength]).toEqual(["none", 9]);
    expect(rig.origin.connections).toBe(1);
  });

  test("bring their trailers to the end of the body", async () => {
    const { reply } = answer(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 6\r\nContent-Length: 1\r\n\r\n",
    );
    const reader = readerOf((await reply).body);
    expect(await reader.ended()).toEqual(["X-Sum", "6"]);
    expect(reader.text).toBe("abc");
  });

  test("may end with the connection", async () => {
    const { reply, outcome } = answer("HTTP/1.1 200 OK\r\n\r\nall of it", true);
    expect(await textOf((await reply).body)).toBe("all of it");
    expect((await outcome).ending).toBe("complete");
    expect((await rig.get()).status).toBe(200);
    expect(rig.origin.connections).toBe(2);
  });

  test("of HTTP/1.0 are read, and end their connection unless it is to be kept", async () => {
    const plain = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok";
    expect(await textOf((await answer(plain).reply).body)).toBe("ok");
    const kept = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok";
    expect(await textOf((await answer(kept).reply).body)).toBe("ok");
    expect(await textOf((await answer(kept).reply).body)).toBe("ok");
    expect(rig.origin.connections).toBe(2);
  });

  test("may have interim ones in front, which are passed on, all in one read or not", async () => {
    const seen: unknown[] = [];
    rig.origin.script(
      says(
        "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: x\r\n\r\n" +
          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
      ),
    );
    const reply = await rig.get({ interim: (status, fields) => seen.push([status, fields]) });
    expect(seen).toEqual([
      [102, []],
      [103, ["Link", "</a>"]],
    ]);
    expect(reply.fields).toEqual([]);
    expect(await textOf(reply.body)).toBe("ok");
  });

  test("may not have interim ones without end", async () => {
    const { reply } = answer("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(65));
    expect(await codeOf(reply)).toBe("bad-upstream-response");
  });

  test("get the whole time for their head again after each interim one", async () => {
    let hint = async (): Promise<void> => {};
    rig.origin.script(async (exchange) => {
      hint = () => exchange.send("HTTP/1.1 103 Early Hints\r\n\r\n");
      await new Promise<void>(() => {});
    });
    let told = (): void => {};
    const { reply } = rig.send({ timeouts: { firstByteMs: 1_000 }, interim: () => told() });
    await rig.origin.request();
    for (let turn = 0; turn < 3; turn++) {
      await rig.clock.advance(800);
      const arrived = new Promise<void>((resolve) => (told = resolve));
      await hint();
      await arrived;
    }
    const code = codeOf(reply);
    await rig.clock.advance(1_200);
    expect(await code).toBe("attempt-timeout");
  });

  const malformed: Readonly<Record<string, string>> = {
    "switch protocols unasked":
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "are not HTTP": "SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "have two lengths": "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok",
    "have a length and chunks":
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "have a bare line feed": "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    "have a NUL in a field": "HTTP/1.1 200 OK\r\nx: \0\r\n\r\n",
  };
  for (const [what, text] of Object.entries(malformed)) {
    test(`that ${what} are refused and end their connection`, async () => {
      const { reply, outcome } = answer(text);
      const error = await errorOf(reply);
      expect([error.code, error.progress]).toEqual(["bad-upstream-response", "sent"]);
      expect(error.message).toMatch(/^upstream "origin" at 127\.0\.0\.1:\d+: /);
      expect(await outcome).toMatchObject({ ending: "failed", error });
      await (await rig.origin.request()).wire.ended();
    });
  }

  test("may have heads up to the endpoint's limit", async () => {
    const head = (size: number): string =>
      `HTTP/1.1 200 OK\r\nx-long: ${"x".repeat(size)}\r\nContent-Length: 0\r\n\r\n`;
    expect((await answer(head(60_000)).reply).fields[1]).toHaveLength(60_000);
    expect(await codeOf(answer(head(70_000)).reply)).toBe("bad-upstream-response");
  });

  const cut: Readonly<Record<string, string>> = {
    "a head": "HTTP/1.1 200 OK\r\nContent-",
    "nothing at all": "",
  };
  for (const [what, text] of Object.entries(cut)) {
    test(`that end in ${what} are a lost connection`, async () => {
      const error = await errorOf(answer(text, true, "POST").reply);
      expect([error.code, error.progress]).toEqual(["upstream-reset", "sent"]);
    });
  }

  const cutBodies: Readonly<Record<string, string>> = {
    "sized content": "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfirst",
    "a chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nfirst",
    "chunked content": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n",
  };
  for (const [what, text] of Object.entries(cutBodies)) {
    test(`that end in ${what} fail their body`, async () => {
      const { reply, outcome } = answer(text, true);
      const reader = readerOf((await reply).body);
      expect(await reader.ended()).toBe("upstream-reset");
      expect(reader.text).toBe("first");
      expect(await outcome).toMatchObject({ ending: "failed", progress: "head", bytesReceived: 5 });
    });
  }

  test("with malformed chunks fail their body", async () => {
    const { reply } = answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\nzz\r\n");
    const reader = readerOf((await reply).body);
    expect(await reader.ended()).toBe("bad-upstream-response");
  });

  test("wait for a slow reader, who fails for a pause that is too long, not the endpoint", async () => {
    const { reply, outcome } = answer(
      `HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n${"x".repeat(4_000_000)}`,
    );
    const reader = readerOf((await reply).body, true);
    await reader.until(1);
    await rig.clock.advance(20_200);
    expect(await reader.ended()).toBe("client-closed");
    expect((await outcome).error?.kind.fault).toBe("client");
    // What the reader did not take was not read either.
    expect(reader.received).toBeLessThan(300_000);
  });

  test("that nobody reads are given up after a while", async () => {
    const { reply, outcome } = answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfirst");
    await reply;
    await (await rig.origin.request()).send("x");
    await rig.clock.advance(20_200);
    expect((await outcome).error?.code).toMatch(/attempt-timeout|client-closed/);
  });

  test("give their connection back before a slow reader has all of them", async () => {
    const { reply, outcome } = answer(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-end: 1\r\n\r\n",
    );
    const { body } = await reply;
    expect((await rig.get()).status).toBe(200);
    expect(rig.origin.connections).toBe(1);
    const reader = readerOf(body);
    expect(await reader.ended()).toEqual(["x-end", "1"]);
    expect((await outcome).ending).toBe("complete");
  });
});
