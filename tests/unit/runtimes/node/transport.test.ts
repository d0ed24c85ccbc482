import { mkdtemp, rm } from "node:fs/promises";
import { IncomingMessage, createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { Ended } from "../../../support/wire.ts";
import { head, startRig, stopRigsAfterEach } from "./rig.ts";

stopRigsAfterEach();

/** A port on which nobody listens. */
const closedPort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};

describe("failures", () => {
  test("refused connection is connect-failed and keeps its cause", async () => {
    const rig = await startRig({ url: `http://127.0.0.1:${await closedPort()}` });
    const client = await rig.client();
    await client.send(head("GET", "/"));
    expect((await client.response()).status).toBe(502);
    expect(rig.errors[0]?.code).toBe("connect-failed");
    expect(rig.errors[0]?.cause).toMatchObject({ code: "ECONNREFUSED" });
  });

  test("unknown host name is connect-failed", async () => {
    const rig = await startRig({ url: "http://nobody.invalid" });
    const client = await rig.client();
    await client.send(head("GET", "/"));
    expect((await client.response()).text).toBe("connect-failed");
  });

  test("plain-text answer to a TLS handshake is connect-failed", async () => {
    const rig = await startRig();
    const secure = await startRig({ url: rig.origin.url.replace("http:", "https:") });
    const client = await secure.client();
    await client.send(head("GET", "/"));
    expect((await client.response()).text).toBe("connect-failed");
  });

  test("connection that ends before the response is upstream-reset", async () => {
    const rig = await startRig();
    rig.origin.script((exchange) => exchange.wire.reset());
    const client = await rig.client();
    await client.send(head("GET", "/"));
    expect((await client.response()).text).toBe("upstream-reset");
  });

  test.each([
    ["no HTTP at all", "SSH-2.0-OpenSSH_9.2\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
    ["a switch of protocols", "HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n"],
    ["a switch that names no protocol", "HTTP/1.1 101 Switching\r\n\r\n"],
    ["a status below all classes", "HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n"],
    ["status zero", "HTTP/1.1 000 Odd\r\nContent-Length: 0\r\n\r\n"],
    ["a status of no class", "HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n"],
    ["an unknown transfer coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"],
    ["chunked twice", `HTTP/1.1 200 OK\r\n${"Transfer-Encoding: chunked\r\n".repeat(2)}\r\n0\r\n\r\n`],
    ["no end of interim responses", "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100)],
    ["an endless head", `HTTP/1.1 200 OK\r\nX: ${"a".repeat(80_000)}`],
  ])("%s is bad-upstream-response", async (_name, bytes) => {
    const rig = await startRig();
    rig.origin.script((exchange) => exchange.send(bytes));
    const client = await rig.client();
    await client.send(head("GET", "/"));
    expect((await client.response()).text).toBe("bad-upstream-response");
  });

  test("silent upstream is attempt-timeout after the first-byte time", async () => {
    const rig = await startRig({ timeouts: { firstByteMs: 50 } });
    rig.origin.script(() => new Promise(() => {}));
    const client = await rig.client();
    await client.send(head("GET", "/"));
    expect((await client.response()).text).toBe("attempt-timeout");
    await (await rig.origin.request()).wire.ended();
  });

  test("silent upstream is attempt-timeout after the first-byte time from the end of an upload", async () => {
    const rig = await startRig({ timeouts: { firstByteMs: 100 } });
    rig.origin.script(async (exchange) => {
      await exchange.body();
      await new Promise(() => {});
    });
    const client = await rig.client();
    await client.send(head("POST", "/", "Transfer-Encoding: chunked") + "2\r\nab\r\n");
    const exchange = await rig.origin.request();
    await exchange.bodyReceived(2);
    expect(rig.errors).toEqual([]);
    await client.send("0\r\n\r\n");
    expect((await client.response("POST")).text).toBe("attempt-timeout");
    await exchange.wire.ended();
  });

  test("answer that begins before the end of an upload is not timed by its first byte any more", async () => {
    const rig = await startRig({ timeouts: { firstByteMs: 50 } });
    rig.origin.script(async (exchange) => {
      if (exchange.head.target === "/silent") return;
      await exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
      await exchange.body();
      // A request that begins only now runs out of its time first.
      const later = await rig.client();
      await later.send(head("GET", "/silent"));
      expect((await later.response()).text).toBe("attempt-timeout");
      await exchange.send("cd");
    });
    const client = await rig.client();
    await client.send(head("POST", "/", "Transfer-Encoding: chunked") + "2\r\nab\r\n");
    const { pieces } = await client.open("POST");
    await client.send("0\r\n\r\n");
    expect(Buffer.concat(await Array.fromAsync(pieces)).toString()).toBe("abcd");
  });

  test("body that stalls resets the client and leaves the upstream", async () => {
    const rig = await startRig({ timeouts: { idleMs: 60 } });
    rig.origin.script((exchange) => exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"));
    const client = await rig.client();
    await client.send(head("GET", "/"));
    const { pieces } = await client.open();
    await expect(Array.fromAsync(pieces)).rejects.toThrow(Ended);
    await (await rig.origin.request()).wire.ended();
  });

  test("event stream may be quiet for longer than other bodies", async () => {
    const rig = await startRig({ timeouts: { idleMs: 20, eventStreamIdleMs: 60_000 } });
    rig.origin.script((exchange) => {
      const type = exchange.head.target === "/events" ? "text/event-stream" : "text/plain";
      return exchange.send(`HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: 2\r\n\r\na`);
    });
    const [listener, witness] = [await rig.client(), await rig.client()];
    await listener.send(head("GET", "/events"));
    const { pieces: events } = await listener.open();
    expect(String((await events.next()).value)).toBe("a");
    await witness.send(head("GET", "/other"));
    const { pieces } = await witness.open();
    await expect(Array.fromAsync(pieces)).rejects.toThrow(Ended);
    // It began later, and its time is over.
    await (await rig.origin.request(0)).send("b");
    expect(String((await events.next()).value)).toBe("b");
  });

  test("upload that stalls is request-timeout and never completed upstream", async () => {
    const rig = await startRig({ timeouts: { idleMs: 60 } });
    const client = await rig.client();
    await client.send(head("POST", "/", "Content-Length: 10") + "half");
    expect((await client.response()).text).toBe("request-timeout");
    await expect((await rig.origin.request()).body()).rejects.toThrow(Ended);
  });

  test("chunked body over the limit is body-too-large and cut off upstream", async () => {
    const rig = await startRig({ maxBodyBytes: 5 });
    const client = await rig.client();
    await client.send(head("POST", "/", "Transfer-Encoding: chunked") + "3\r\nabc\r\n");
    const exchange = await rig.origin.request();
    await client.send("3\r\ndef\r\n0\r\n\r\n");
    expect((await client.response()).text).toBe("body-too-large");
    await expect(exchange.body()).rejects.toThrow(Ended);
  });
});

describe("abort", () => {
  test("client that leaves before the response ends the upstream request", async () => {
    const rig = await startRig();
    rig.origin.script(() => new Promise(() => {}));
    const client = await rig.client();
    await client.send(head("GET", "/"));
    const exchange = await rig.origin.request();
    client.close();
    await exchange.wire.ended();
    await expect.poll(() => rig.errors[0]?.code).toBe("client-closed");
  });

  test("client that leaves during the response body ends the upstream request", async () => {
    const rig = await startRig();
    rig.origin.script((exchange) => exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"));
    const client = await rig.client();
    await client.send(head("GET", "/"));
    await client.open();
    client.close();
    const { wire } = await rig.origin.request();
    expect(["fin", "reset"]).toContain(await wire.ended());
  });

  test("client that leaves during its upload leaves the origin without a whole request", async () => {
    const rig = await startRig();
    const client = await rig.client();
    await client.send(head("POST", "/", "Content-Length: 10") + "half");
    const exchange = await rig.origin.request();
    await exchange.bodyReceived(4);
    client.close();
    await expect(exchange.body()).rejects.toThrow(Ended);
  });

  test("upstream that dies during the body resets the client", async () => {
    const rig = await startRig();
    rig.origin.script(async (exchange) => {
      await exchange.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
      exchange.wire.reset();
    });
    const client = await rig.client();
    await client.send(head("GET", "/"));
    const { pieces } = await client.open();
    await expect(Array.fromAsync(pieces)).rejects.toThrow(Ended);
    expect(await client.closed()).toBe("reset");
  });
});

describe("connections", () => {
  test("one connection carries one exchange after another", async () => {
    const rig = await startRig();
    const client = await rig.client();
    for (let i = 0; i < 5; i++) {
      await client.send(head("GET", `/${i}`));
      expect((await client.response()).text).toBe("origin");
    }
    expect(rig.origin.connections).toBe(1);
  });

  test("limit makes further requests wait for a connection", async () => {
    const rig = await startRig({ pool: { connections: 1 } });
    const [first, second] = [await rig.client(), await rig.client()];
    await first.send(head("GET", "/first"));
    await rig.origin.request();
    await second.send(head("GET", "/second"));
    expect((await first.response()).status).toBe(200);
    expect((await second.response()).status).toBe(200);
    expect(rig.origin.connections).toBe(1);
  });

  test("request that waits too long for a connection is overloaded", async () => {
    const rig = await startRig({ pool: { connections: 1 }, timeouts: { connectMs: 40 } });
    rig.origin.script(() => new Promise(() => {}));
    const [first, second] = [await rig.client(), await rig.client()];
    await first.send(head("GET", "/first"));
    await rig.origin.request();
    await second.send(head("GET", "/second"));
    expect((await second.response()).text).toBe("overloaded");
  });

  test("client that leaves the line takes no connection", async () => {
    const rig = await startRig({ pool: { connections: 1 } });
    const [first, second, third] = [await rig.client(), await rig.client(), await rig.client()];
    let answer = (): void => {};
    rig.origin.script(async (exchange) => {
      if (exchange.head.target === "/first") await new Promise<void>((resolve) => (answer = resolve));
      await exchange.respond(200, {}, "ok");
    });
    await first.send(head("GET", "/first"));
    await rig.origin.request();
    await second.send(head("GET", "/second"));
    second.close();
    await expect.poll(() => rig.errors.length).toBe(1);
    await third.send(head("GET", "/third"));
    answer();
    expect((await first.response()).status).toBe(200);
    expect((await third.response()).status).toBe(200);
    expect(rig.origin.exchanges.map(({ head: { target } }) => target)).toEqual(["/first", "/third"]);
  });

  test("name of several addresses is tried until one answers", async () => {
    const rig = await startRig();
    const named = await startRig({ url: `http://localhost:${rig.origin.port}` });
    const client = await named.client();
    const body = "x".repeat(200_000);
    rig.origin.script((exchange) => exchange.respond(200, {}, body));
    for (let i = 0; i < 3; i++) {
      await client.send(head("GET", "/"));
      expect((await client.response()).text === body).toBe(true);
    }
  });

  test("Unix domain socket is connected to", async () => {
    const folder = await mkdtemp(join(tmpdir(), "fairlead-"));
    const path = join(folder, "origin.sock");
    const server = createHttpServer((request, response) => response.end(`${request.headers.host}`));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    try {
      const rig = await startRig({ url: `unix:${path}` });
      const client = await rig.client();
      await client.send(head("GET", "/"));
      expect((await client.response()).text).toBe("localhost");
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    }
  });
});

describe("bodies", () => {
  const pattern = (bytes: number, seed: number): Buffer => {
    const buffer = Buffer.alloc(bytes);
    for (let i = 0; i < bytes; i++) buffer[i] = (i * 31 + (i >> 8) * 7 + seed) & 255;
    return buffer;
  };

  test.each([0, 1, 1_024, 16_384, 16_385, 65_536, 300_000, 1_048_576, 5_000_000])(
    "response of %d bytes arrives unchanged while others are on their way",
    async (bytes) => {
      const rig = await startRig({ pool: { connections: 2 } });
      rig.origin.script((exchange) =>
        exchange.respond(200, {}, pattern(bytes, Number(exchange.head.target.slice(1)))),
      );
      const clients = await Promise.all([rig.client(), rig.client(), rig.client(), rig.client()]);
      await Promise.all(
        clients.map(async (client, index) => {
          for (let i = 0; i < 4; i++) {
            const seed = index * 10 + i;
            await client.send(head("GET", `/${seed}`));
            const { body } = await client.response();
            expect(body.equals(pattern(bytes, seed))).toBe(true);
          }
        }),
      );
    },
  );

  test("slow client of a large response holds the upstream back and gets every byte", async () => {
    const rig = await startRig();
    const bytes = 32 * 1024 * 1024;
    const body = pattern(bytes, 1);
    let sent = 0;
    rig.origin.script(async (exchange) => {
      await exchange.send(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n`);
      for (let at = 0; at < bytes; at += 65_536) {
        await exchange.send(body.subarray(at, at + 65_536));
        sent = at;
      }
    });
    const client = await rig.client();
    await client.send(head("GET", "/"));
    const { pieces } = await client.open();
    client.wire.hold();
    let before = -1;
    await expect
      .poll(
        () => {
          const stopped = sent === before;
          before = sent;
          return stopped;
        },
        { interval: 100 },
      )
      .toBe(true);
    expect(sent).toBeLessThan(bytes - 8 * 1024 * 1024);
    client.wire.release();
    const received: Buffer[] = [];
    for await (const piece of pieces) received.push(piece);
    expect(Buffer.concat(received).equals(body)).toBe(true);
  }, 20_000);

  /** Resolves when the proxy stops reading from a client. */
  const nextPause = (): Promise<void> =>
    new Promise((resolve) => {
      const pause = vi.spyOn(IncomingMessage.prototype, "pause");
      pause.mockImplementation(function (this: IncomingMessage) {
        pause.mockRestore();
        resolve();
        return this.pause();
      });
    });

  test.each([
    ["sized", false],
    ["chunked", true],
  ])("large %s upload arrives unchanged while the origin reads slowly at first", async (_kind, chunked) => {
    const rig = await startRig();
    const body = pattern(12_000_000, 5);
    const heldBack = nextPause();
    rig.origin.script(async (exchange) => {
      const whole: Buffer[] = [];
      exchange.wire.hold();
      void heldBack.then(() => exchange.wire.release());
      for await (const piece of exchange.wire.pieces(exchange.framing)) whole.push(piece);
      await exchange.respond(200, {}, Buffer.concat(whole).equals(body) ? "same" : "changed");
    });
    const client = await rig.client();
    await client.send(
      head("POST", "/", chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${body.length}`),
    );
    if (chunked) await client.send(`${body.length.toString(16)}\r\n`);
    await client.send(body);
    if (chunked) await client.send("\r\n0\r\n\r\n");
    expect((await client.response()).text).toBe("same");
  });

  const KIB = 1024;
  test.each([
    ["with its head", 0],
    ["right behind its head", 1],
    ["in two halves", 2],
  ])(
    "body that comes %s arrives unchanged, and the next one on the same connection too",
    async (_how, cuts) => {
      const rig = await startRig();
      rig.origin.script(async (exchange) => exchange.respond(200, {}, await exchange.body()));
      const client = await rig.client();
      for (const bytes of [1, 100, 16 * KIB, 16 * KIB + 1]) {
        const body = pattern(bytes, 7);
        const start = Buffer.from(head("POST", "/", `Content-Length: ${bytes}`));
        const halfway = cuts < 2 ? 0 : bytes >> 1;
        const pieces =
          cuts === 0
            ? [Buffer.concat([start, body])]
            : [Buffer.concat([start, body.subarray(0, halfway)]), body.subarray(halfway)];
        for (const piece of pieces) {
          await client.send(piece);
          await new Promise((resolve) => setImmediate(resolve));
        }
        expect((await client.response()).body.equals(body)).toBe(true);
      }
      expect(rig.origin.connections).toBe(1);
    },
  );

  test("early answer is delivered and the rest of a short upload read away", async () => {
    const rig = await startRig();
    rig.origin.script((exchange) => exchange.respond(413, { Connection: "close" }, "no"));
    const client = await rig.client();
    await client.send(head("POST", "/", "Content-Length: 10") + "half");
    expect((await client.response()).text).toBe("no");
    await client.send("whole!");
    rig.origin.reset();
    await client.send(head("GET", "/"));
    expect((await client.response()).text).toBe("origin");
  });

  test("large responses of one request after another are read into few buffers", async () => {
    const rig = await startRig();
    const body = pattern(1_000_000, 3);
    rig.origin.script((exchange) => exchange.respond(200, {}, body));
    const client = await rig.client();
    const before = process.memoryUsage().external;
    for (let i = 0; i < 50; i++) {
      await client.send(head("GET", "/"));
      expect((await client.response()).body.equals(body)).toBe(true);
    }
    expect(rig.origin.connections).toBe(1);
    expect(process.memoryUsage().external - before).toBeLessThan(200 * 1024 * 1024);
  });
});
