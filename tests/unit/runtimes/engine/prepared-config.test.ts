/** A server whose config is exchanged in two steps. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { platform } from "../../../../runtimes/node/platform.ts";
import { serveGateway } from "../../../../runtimes/engine/serve.ts";
import { ServeError, type Serving } from "../../../../runtimes/serving.ts";
import { parseConfig } from "../../../../src/config/parse.ts";
import type { Config, ConfigInput } from "../../../../src/config/types.ts";
import { freePort } from "../../../support/free-port.ts";
import { OtlpReceiver } from "../../../support/otlp-receiver.ts";
import { RawClient } from "../../../support/raw-client.ts";
import { RawOrigin } from "../../../support/raw-origin.ts";
import { requestText } from "../../../support/suite.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const answering = (body: string, more: ConfigInput = {}): ConfigInput => ({
  listen: { port: 0, host: "127.0.0.1" },
  log: { level: "off" },
  routes: [{ respond: { body } }],
  ...more,
});

const serve = async (input: ConfigInput): Promise<Serving> => {
  const serving = await serveGateway(parseConfig(input), platform());
  ends.push(() => serving.stop());
  return serving;
};

/** What this process has open. */
const openFiles = (): readonly string[] =>
  readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return [];
    }
  });

const clientOf = async (port: number): Promise<RawClient> => {
  const client = await RawClient.connect(port);
  ends.push(() => client.close());
  return client;
};

const get = async (client: RawClient, target: string = "/"): Promise<string> => {
  await client.send(requestText(target));
  return (await client.response()).text;
};

describe("prepared config", () => {
  test("that is given up leaves no log file open, whether it was prepared or not", async () => {
    const directory = mkdtempSync(join(tmpdir(), "fairlead-given-up-"));
    ends.push(() => rmSync(directory, { recursive: true }));
    const serving = await serve(answering("first"));
    const open = (): number => openFiles().filter((file) => file.startsWith(directory)).length;
    const logged = (name: string, more: ConfigInput = {}): Config =>
      parseConfig(answering("second", { log: { output: join(directory, name) }, ...more }));
    await (await serving.prepare(logged("one.log"))).discard();
    const taken = createServer().listen(0, "127.0.0.1");
    ends.push(() => taken.close());
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const listen = { port: 0, host: "127.0.0.1", also: [{ port, host: "127.0.0.1" }] };
    await expect(serving.prepare(logged("two.log", { listen }))).rejects.toThrow(/is taken/);
    await expect.poll(open).toBe(0);
  });

  test("that is given up has left its sockets when the next one is prepared", async () => {
    const serving = await serve(answering("first"));
    const port = await freePort();
    const listen = { port: 0, host: "127.0.0.1", also: [{ port, host: "127.0.0.1" }] };
    const config = parseConfig(answering("second", { listen }));
    const prepared = await serving.prepare(config);
    const [, next] = await Promise.all([prepared.discard(), serving.prepare(config)]);
    next.commit();
    expect(await get(await clientOf(port))).toBe("second");
  });

  test("holds connections of a new listener until the commit, and closes them with a discard", async () => {
    const serving = await serve(answering("first"));
    const port = await freePort();
    const also = [{ port, host: "127.0.0.1" }];
    const next = parseConfig(answering("second", { listen: { port: 0, host: "127.0.0.1", also } }));
    const given = await serving.prepare(next);
    const lost = await clientOf(port);
    await given.discard();
    expect(await lost.closed()).toMatch(/fin|reset/);
    await expect(RawClient.connect(port)).rejects.toThrow(/ECONNREFUSED/);

    const prepared = await serving.prepare(next);
    const early = await clientOf(port);
    await early.send(requestText("/"));
    const old = await clientOf(serving.address.port);
    expect(await get(old)).toBe("first");
    prepared.commit();
    expect((await early.response()).text).toBe("second");
    expect(await get(old)).toBe("second");
  });

  test("waits for the end of the one before", async () => {
    const serving = await serve(answering("first"));
    const first = await serving.prepare(parseConfig(answering("second")));
    let isReady = false;
    const second = serving.prepare(parseConfig(answering("third"))).then((prepared) => {
      isReady = true;
      return prepared;
    });
    const client = await clientOf(serving.address.port);
    expect([await get(client), isReady]).toEqual(["first", false]);
    first.commit();
    first.commit();
    await first.discard();
    (await second).commit();
    expect([await get(client), serving.generation]).toEqual(["third", 3]);
  });

  test("that fails leaves the turn to the next", async () => {
    const serving = await serve(answering("first"));
    const taken = new URL((await originOf()).url).port;
    const also = [{ port: Number(taken), host: "127.0.0.1" }];
    const bad = parseConfig(answering("bad", { listen: { port: 0, host: "127.0.0.1", also } }));
    await expect(serving.prepare(bad)).rejects.toThrow(ServeError);
    (await serving.prepare(parseConfig(answering("good")))).commit();
    expect(await get(await clientOf(serving.address.port))).toBe("good");
  });

  test("does nothing once the server stops", async () => {
    const serving = await serve(answering("first"));
    const prepared = await serving.prepare(parseConfig(answering("second")));
    await serving.drain();
    prepared.commit();
    expect(serving.generation).toBe(1);
    await expect(serving.prepare(parseConfig(answering("third")))).rejects.toThrow("the server is stopping");
  });

  test("changes limits for the next request of a connection that is open", async () => {
    const serving = await serve(answering("small"));
    const client = await clientOf(serving.address.port);
    const long = `/${"x".repeat(3_000)}`;
    expect(await get(client, long)).toBe("small");
    const limits = { targetBytes: "1KiB" };
    const listen = { port: 0, host: "127.0.0.1", limits };
    (await serving.prepare(parseConfig(answering("small", { listen })))).commit();
    await client.send(requestText(long));
    expect((await client.response()).status).toBe(414);
  });

  test("moves a port only to an address that does not overlap", async () => {
    const port = await freePort();
    const serving = await serve(answering("first", { listen: { port, host: "0.0.0.0" } }));
    await expect(
      serving.prepare(parseConfig(answering("second", { listen: { port, host: "127.0.0.1" } }))),
    ).rejects.toThrow(`port ${port} can't move from 0.0.0.0 to 127.0.0.1 while the proxy runs`);
    expect(await get(await clientOf(port))).toBe("first");
  });
});

const originOf = async (): Promise<RawOrigin> => {
  const origin = await RawOrigin.start();
  ends.push(() => origin.stop());
  return origin;
};

describe("what a change of the config leaves behind", () => {
  test("idle connections of an upstream with other settings close; others stay", async () => {
    const [kept, changed] = [await originOf(), await originOf()];
    const configOf = (idle: number): ConfigInput =>
      answering("", {
        upstreams: { kept: kept.url, changed: { endpoints: [changed.url], pool: { idle } } },
        routes: [{ match: { path: "/kept" }, upstream: "kept" }, { upstream: "changed" }],
      });
    const serving = await serve(configOf(5));
    const client = await clientOf(serving.address.port);
    expect([await get(client, "/kept"), await get(client, "/changed")]).toEqual(["origin", "origin"]);
    (await serving.prepare(parseConfig(configOf(6)))).commit();
    await expect.poll(() => changed.open).toBe(0);
    expect([await get(client, "/kept"), await get(client, "/changed")]).toEqual(["origin", "origin"]);
    expect([kept.connections, changed.connections]).toEqual([1, 2]);
  });

  test.each(["delta", "cumulative"] as const)(
    "metrics go to the new collector from then on, none twice (%s)",
    async (temporality) => {
      const [one, two] = [await OtlpReceiver.start(), await OtlpReceiver.start()];
      ends.push(() => Promise.all([one.stop(), two.stop()]));
      const configOf = ({ url }: OtlpReceiver, body: string): ConfigInput =>
        answering(body, { telemetry: { metrics: { temporality }, otlp: { endpoint: url, interval: "1s" } } });
      const serving = await serve(configOf(one, "first"));
      const client = await clientOf(serving.address.port);
      const countOf = (receiver: OtlpReceiver): number =>
        receiver.counts("http.server.request.duration", ["http.request.method"])["GET"] ?? 0;
      for (let i = 0; i < 3; i += 1) await get(client);
      (await serving.prepare(parseConfig(configOf(two, "second")))).commit();
      await one.until(() => countOf(one) === 3, "the old collector to get what was counted");
      for (let i = 0; i < 2; i += 1) await get(client);
      const expected = temporality === "delta" ? 2 : 5;
      await two.until(() => countOf(two) >= expected, "the new collector to get the rest");
      (await serving.prepare(parseConfig(configOf(two, "third")))).commit();
      await get(client);
      await two.until(() => countOf(two) > expected, "the new collector to get one more");
      expect([countOf(one), countOf(two)]).toEqual([3, expected + 1]);
      const instance = (receiver: OtlpReceiver): unknown =>
        receiver.received[0]?.resource["service.instance.id"];
      expect(instance(two)).toBe(instance(one));
    },
  );

  test("a log file that no config names any more still takes the lines of requests in flight", async () => {
    const directory = mkdtempSync(join(tmpdir(), "fairlead-log-"));
    ends.push(() => rmSync(directory, { recursive: true }));
    const lines = (name: string): number =>
      readFileSync(join(directory, name), "utf8").split("\n").filter(Boolean).length;
    const origin = await originOf();
    let finish = (): void => {};
    origin.script(async (exchange) => {
      await new Promise<void>((resolve) => (finish = resolve));
      await exchange.respond(200);
    });
    const configOf = (name: string): ConfigInput =>
      answering("", {
        log: { level: "off", access: { requests: "all", output: join(directory, name) } },
        upstreams: { main: origin.url },
        routes: [{ upstream: "main" }],
      });
    const serving = await serve(configOf("one.log"));
    const client = await clientOf(serving.address.port);
    await client.send(requestText("/"));
    await origin.request(0);
    (await serving.prepare(parseConfig(configOf("two.log")))).commit();
    finish();
    await client.response();
    await expect.poll(() => lines("one.log")).toBe(1);
    expect(lines("two.log")).toBe(0);
  });

  test("ends the dashboard's streams where a token is another one, and no others", async () => {
    const port = await freePort();
    const asks = (token: string, body = "x"): ConfigInput => answering(body, { admin: { port, token } });
    const serving = await serve(asks("first-token-0123456789"));
    const watch = async (token: string): Promise<Response> =>
      fetch(`http://127.0.0.1:${port}/events`, { headers: { authorization: `Bearer ${token}` } });
    const reader = (await watch("first-token-0123456789")).body?.getReader();
    ends.push(() => reader?.cancel());
    const change = async (input: ConfigInput): Promise<void> =>
      (await serving.prepare(parseConfig(input))).commit();
    await change(asks("first-token-0123456789", "y"));
    const texts = [await reader?.read(), await reader?.read()].map((read) => read?.done);
    expect(texts).toEqual([false, false]);
    await change(asks("second-token-0123456789"));
    let hasEnded = false;
    while (!hasEnded) hasEnded = (await reader?.read())?.done ?? true;
    expect((await watch("first-token-0123456789")).status).toBe(401);
    const next = await watch("second-token-0123456789");
    expect(next.status).toBe(200);
    await next.body?.cancel();
  });
});
