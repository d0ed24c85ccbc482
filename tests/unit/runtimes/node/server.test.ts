import { describe, expect, test } from "vitest";
import { ServeError } from "../../../../runtimes/serving.ts";
import { listen } from "../../../../runtimes/node/listen.ts";
import { Ended } from "../../../support/wire.ts";
import { head, startRig, stopRigsAfterEach } from "./rig.ts";

stopRigsAfterEach();

describe("server", () => {
  test("taken port is one sentence", async () => {
    const rig = await startRig();
    const { port } = rig.serving.address;
    const again = listen(() => new Response("ok"), {
      listen: {
        port,
        host: "127.0.0.1",
        trustedProxies: [],
        readyPath: undefined,
        limits: {
          headerBytes: 1,
          headers: 1,
          targetBytes: 1,
          bodyBytes: 1,
          connections: 1,
          requestsPerConnection: 1,
        },
        timeouts: { headerMs: 1_000, keepAliveMs: 1_000 },
        drain: { delayMs: 0, timeoutMs: 0 },
      },
      lifecycle: { draining: false },
    });
    await expect(again).rejects.toThrow(ServeError);
    await expect(again).rejects.toThrow(`port ${port} on 127.0.0.1 is taken`);
  });

  test("slow header section is answered with 408 soon after its time", async () => {
    const rig = await startRig({ listenTimeouts: { headerMs: 100 } });
    const client = await rig.client();
    await client.send("GET / HTTP/1.1\r\nHost: x\r\n");
    const response = await client.response();
    expect(response.status).toBe(408);
    expect(response.fields.get("content-type")).toBe("application/problem+json");
    await client.closed();
  });

  test("pipelined requests are sent upstream one after the other", async () => {
    const rig = await startRig();
    let open = 0;
    let most = 0;
    rig.origin.script(async (exchange) => {
      most = Math.max(most, ++open);
      await exchange.body();
      open--;
      await exchange.respond(200, {}, exchange.head.target);
    });
    const client = await rig.client();
    const targets = Array.from({ length: 40 }, (_, i) => `/${i}`);
    await client.send(targets.map((target) => head("GET", target)).join(""));
    for (const target of targets) expect((await client.response()).text).toBe(target);
    await client.send(`${head("POST", "/last", "Content-Length: 2")}ok${head("GET", "/end")}`);
    expect((await client.response("POST")).text).toBe("/last");
    expect((await client.response()).text).toBe("/end");
    expect(most).toBe(1);
  });

  test("connection that pipelines without waiting for answers is cut", async () => {
    const rig = await startRig();
    rig.origin.script(() => new Promise(() => {}));
    const client = await rig.client();
    await client.send(head("GET", "/").repeat(500));
    await client.closed();
    expect(rig.origin.exchanges.length).toBeLessThanOrEqual(1);
  });

  test.each([
    ["GARBAGE\r\n\r\n", 400],
    ["GET / HTTP/2.0\r\nHost: x\r\n\r\n", 400],
    ["GET / HTTP/0.9\r\nHost: x\r\n\r\n", 400],
    [`GET / HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(60_000)}\r\n\r\n`, 431],
    ["POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400],
    ["CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n", 405],
  ])("%j is refused with a problem and the connection ends", async (bytes, status) => {
    const rig = await startRig();
    const client = await rig.client();
    await client.send(bytes);
    const response = await client.response();
    expect(response.status).toBe(status);
    expect(response.fields.get("content-type")).toBe("application/problem+json");
    await client.closed();
    expect(rig.origin.exchanges).toEqual([]);
  });

  test("malformed second request does not touch the answer to the first", async () => {
    const rig = await startRig();
    const client = await rig.client();
    await client.send(`${head("GET", "/")}GARBAGE\r\n\r\n`);
    const response = await client.response();
    expect(response.text).toBe("origin");
    expect(response.fields.get("connection")).toBe("close");
    expect((await client.wire.rest()).length).toBe(0);
  });

  test("malformed chunk is answered with 400 and ends the upstream request at once, as the client's fault", async () => {
    const rig = await startRig();
    rig.origin.script(() => new Promise(() => {}));
    const client = await rig.client();
    await client.send(`${head("POST", "/", "Transfer-Encoding: chunked")}2\r\nab\r\n`);
    const { wire } = await rig.origin.request();
    await client.send("zz\r\n");
    expect((await client.response("POST")).status).toBe(400);
    await wire.ended(500);
    expect(rig.errors.map(({ code }) => code)).toEqual(["bad-request"]);
    await client.closed();
  });

  test("malformed chunk behind a response that was begun resets it and ends the upstream request", async () => {
    const rig = await startRig();
    rig.origin.script((exchange) => exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"));
    const client = await rig.client();
    await client.send(`${head("POST", "/", "Transfer-Encoding: chunked")}2\r\nab\r\n`);
    const { pieces } = await client.open("POST");
    await client.send("zz\r\n");
    await expect(Array.fromAsync(pieces)).rejects.toThrow(Ended);
    await (await rig.origin.request()).wire.ended(500);
  });

  test("CONNECT behind a request that is not answered yet ends the connection, and nothing is written into it", async () => {
    const rig = await startRig();
    rig.origin.script((exchange) => exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"));
    const client = await rig.client();
    await client.send(head("GET", "/"));
    const { pieces } = await client.open();
    await client.send("CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n");
    const received: Buffer[] = [];
    await expect(
      (async () => {
        for await (const piece of pieces) received.push(piece);
      })(),
    ).rejects.toThrow(Ended);
    expect(Buffer.concat(received).toString()).toBe("half");
  });

  test("client that resets its connection after CONNECT is no error of the process", async () => {
    const rig = await startRig();
    for (const _ of Array.from({ length: 5 })) {
      const client = await rig.client();
      await client.send("CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n");
      await client.response();
      client.wire.reset();
    }
    const client = await rig.client();
    await client.send(head("GET", "/"));
    expect((await client.response()).text).toBe("origin");
  });

  test.each([
    ["in one read", ["\r\n\r\n"]],
    ["after a read that ends within the end of the head", ["\r\n\r", "\n"]],
    ["after a read that ends with the last line of the head", ["\r\n", "\r\n"]],
  ])(
    "request behind an Upgrade, %s, is not taken for another one",
    async (_how, [first = "", second = ""]) => {
      const rig = await startRig();
      rig.origin.script((exchange) => exchange.respond(200, {}, exchange.head.target));
      const client = await rig.client();
      const hidden = head("GET", "/hidden");
      const post = head("POST", "/2", `Content-Length: ${hidden.length}`);
      await client.send(`GET /1 HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x${first}`);
      if (second !== "") {
        // By its answer the server has read what came before, so that what follows is a read of its own.
        const between = await rig.client();
        await between.send(head("GET", "/between"));
        await between.response();
        rig.origin.reset();
        rig.origin.script((exchange) => exchange.respond(200, {}, exchange.head.target));
      }
      await client.send(second + post);
      expect((await client.response()).text).toBe("/1");
      await client.send(hidden).catch(() => {});
      await client.closed();
      expect(rig.origin.exchanges.map((exchange) => exchange.head.target)).toEqual(["/1"]);
    },
  );

  test("connection closes with the last request it may carry", async () => {
    const rig = await startRig({ limits: { requestsPerConnection: 2 } });
    const client = await rig.client();
    await client.send(head("GET", "/"));
    await client.response();
    await client.send(head("GET", "/"));
    expect((await client.response()).fields.get("connection")).toBe("close");
    expect(await client.closed()).toBe("fin");
  });

  test("100 Continue goes out once the body is wanted", async () => {
    const rig = await startRig();
    rig.origin.script(async (exchange) => exchange.respond(200, {}, await exchange.body()));
    const client = await rig.client();
    await client.send(head("POST", "/", "Content-Length: 4", "Expect: 100-continue"));
    expect(await client.wire.headSection()).toMatch(/^HTTP\/1\.1 100 /);
    await client.send("body");
    expect((await client.response()).text).toBe("body");
    expect((await rig.origin.request()).header("expect")).toBeUndefined();
  });
});

describe("drain", () => {
  test("request in flight is finished and its connection closed", async () => {
    const rig = await startRig();
    let answer = (): void => {};
    rig.origin.script(async (exchange) => {
      await new Promise<void>((resolve) => (answer = resolve));
      await exchange.respond(200, {}, "late");
    });
    const client = await rig.client();
    await client.send(head("GET", "/"));
    await rig.origin.request();
    const drained = rig.serving.drain();
    answer();
    const response = await client.response();
    expect(response.text).toBe("late");
    expect(response.fields.get("connection")).toBe("close");
    expect(await drained).toEqual({ cut: 0 });
  });

  test("connection that is idle may still send a request for a moment", async () => {
    const rig = await startRig();
    const client = await rig.client();
    await client.send(head("GET", "/"));
    await client.response();
    const drained = rig.serving.drain();
    await client.send(head("GET", "/"));
    expect((await client.response()).text).toBe("origin");
    expect(await drained).toEqual({ cut: 0 });
  });

  test("what does not fit the deadline is cut and counted", async () => {
    const rig = await startRig({ drain: { timeoutMs: 50 } });
    rig.origin.script(() => new Promise(() => {}));
    const client = await rig.client();
    await client.send(head("GET", "/"));
    const exchange = await rig.origin.request();
    expect(await rig.serving.drain()).toEqual({ cut: 1 });
    await client.closed();
    await exchange.wire.ended();
  });

  test("new connections are refused once accepting stopped", async () => {
    const rig = await startRig();
    await rig.serving.drain();
    await expect(rig.client()).rejects.toThrow("ECONNREFUSED");
  });

  test("second drain is the first one", async () => {
    const rig = await startRig();
    expect(rig.serving.drain()).toBe(rig.serving.drain());
    await rig.serving.drain();
  });
});
