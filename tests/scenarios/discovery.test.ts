/** Endpoints that are found while the proxy runs: by DNS, in a file, from a server, from Kubernetes. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/types.ts";
import { KubeServer } from "../support/kube-server.ts";
import { NameServer } from "../support/name-server.ts";
import { type NamedOrigins, startNamedOrigins } from "../support/named-origins.ts";
import { RUNTIMES, type RunningProxy, startProxy } from "../support/runtimes.ts";

const [FIRST, SECOND, SIXTH] = ["127.0.0.1", "127.0.0.2", "::1"];
const LOOPBACK_6 = "0:0:0:0:0:0:0:1";
const TTL = 1;

/** A list of endpoints behind HTTP, with an ETag. */
class ListServer {
  list: readonly string[] = [];
  status = 200;
  /** Statuses of its answers. */
  readonly answered: number[] = [];
  readonly keys: Set<string | string[] | undefined> = new Set();
  readonly #server = createServer((request, response) => {
    const etag = `"${this.list.join(" ")}"`;
    const isKnown = request.headers["if-none-match"] === etag && this.status === 200;
    this.answered.push(isKnown ? 304 : this.status);
    this.keys.add(request.headers["x-key"]);
    response.writeHead(isKnown ? 304 : this.status, { etag });
    response.end(isKnown ? undefined : JSON.stringify({ endpoints: this.list }));
  });

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/list`;
  }
  start(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Cases that run side by side can't use `expect.poll`. */
const until = async (what: string, isSo: () => boolean | Promise<boolean>): Promise<void> => {
  const end = performance.now() + 15_000;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`gave up waiting for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

const SERVED = RUNTIMES.filter((runtime) => runtime !== "workerd");

// Each case has an upstream of its own, and waits most of the time.
describe.concurrent.each(SERVED)("discovery on %s", (runtime) => {
  const names = new NameServer();
  const lists = new ListServer();
  const kube = new KubeServer();
  const folder = mkdtempSync(join(tmpdir(), "fairlead-discovery-"));
  const file = join(folder, "endpoints.json");
  let origins: NamedOrigins;
  let proxy: RunningProxy;

  const at = (address: string): string => `http://${address}:${origins.port}`;
  const write = (...addresses: readonly string[]): void =>
    writeFileSync(file, JSON.stringify(addresses.map(at)));
  const put = (...addresses: readonly string[]): void =>
    kube.api.put("app-1", {
      endpoints: addresses.map((address) => ({ addresses: [address] })),
      ports: [{ name: "web", port: origins.port }],
    });

  /** Who answers, and as what host it was asked. */
  const ask = async (path: string): Promise<readonly [address: string, host: string | null]> => {
    const response = await fetch(`http://127.0.0.1:${proxy.port}/${path}`);
    const text = await response.text();
    return response.ok ? [text, response.headers.get("x-asked-as")] : [String(response.status), null];
  };
  /** Who answers eight requests. */
  const answering = async (path: string): Promise<readonly string[]> => {
    const found = new Set<string>();
    for (let i = 0; i < 8; i++) found.add((await ask(path))[0]);
    return [...found].toSorted();
  };
  const becomes = (path: string, ...addresses: readonly string[]): Promise<void> =>
    until(`${addresses.join(" and ")} answer ${path}`, async () => {
      const found = await answering(path);
      return found.join() === addresses.join();
    });
  const says = (pattern: RegExp): Promise<unknown> => proxy.child.printed(pattern, 15_000);
  const lines = (pattern: RegExp): number =>
    proxy.child.stderr.split("\n").filter((each) => pattern.test(each)).length;

  beforeAll(async () => {
    origins = await startNamedOrigins(FIRST, SECOND, SIXTH);
    await Promise.all([names.start(), lists.start(), kube.start()]);
    const { port } = origins;
    names.zone.set("app.test", {
      A: [{ address: FIRST, ttl: TTL }],
      AAAA: [{ address: LOOPBACK_6, ttl: TTL }],
    });
    names.zone.set("slow.test", { A: [{ address: FIRST, ttl: 300 }] });
    names.zone.set("one.test", { A: [{ address: FIRST, ttl: TTL }] });
    names.zone.set("two.test", { A: [{ address: SECOND, ttl: TTL }] });
    const srv = (target: string, priority: number) => ({ target, port, priority, weight: 5, ttl: TTL });
    names.zone.set("_http._tcp.app.test", { SRV: [srv("one.test", 0), srv("two.test", 10)] });
    lists.list = [at(FIRST)];
    write(FIRST);
    put(FIRST);
    const servers = [names.address];
    const discoveries: Readonly<Record<string, NonNullable<NonNullable<ConfigInput["upstreams"]>[string]>>> =
      {
        dns: { discovery: { dns: { url: `http://app.test:${port}`, servers } }, balance: "round-robin" },
        slow: { discovery: { dns: { url: `http://slow.test:${port}`, servers } } },
        srv: { discovery: { srv: { name: "_http._tcp.app.test", servers } } },
        file: { discovery: { file } },
        http: { discovery: { http: { url: lists.url, interval: "100ms", headers: { "x-key": "k" } } } },
        kube: { discovery: { kubernetes: { service: "app", port: "web", server: kube.url } } },
      };
    proxy = await startProxy(runtime, {
      upstreams: discoveries,
      routes: Object.keys(discoveries).map((name) => ({ match: { path: `/${name}` }, upstream: name })),
    });
  });

  afterAll(async () => {
    await proxy?.stop();
    await Promise.all([origins?.stop(), names.stop(), lists.stop(), kube.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  test("asks DNS for A and AAAA as their TTL says, keeps the last good set, and says so", async () => {
    await becomes("dns", FIRST, `[${SIXTH}]`);
    expect((await ask("dns"))[1]).toBe(`app.test:${origins.port}`);
    names.zone.set("app.test", { A: [{ address: SECOND, ttl: TTL }] });
    await becomes("dns", SECOND);
    names.zone.set("app.test", {});
    await says(/\\"dns\\": endpoints stay as they were \(DNS name app\.test lists no endpoint\)/);
    names.zone.set("app.test", "fails");
    const asked = names.questions.length;
    // Deno can't tell a failed look-up from an empty one.
    if (runtime !== "deno") {
      await says(
        /\\"dns\\": endpoints stay as they were \(DNS name app\.test: the name could not be looked up/,
      );
    }
    await until("more questions", () => names.questions.length > asked + 4);
    expect(await answering("dns")).toEqual([SECOND]);
    names.zone.set("app.test", { A: [{ address: FIRST, ttl: TTL }] });
    await becomes("dns", FIRST);
    await ask("slow");
    expect(names.questions.filter((each) => each === "A app.test").length).toBeGreaterThan(3);
    expect(names.questions.filter((each) => each === "A slow.test")).toHaveLength(1);
    expect(lines(/\\"slow\\": endpoints have changed/)).toBe(1);
  });

  test("finds the targets of SRV records, lower priorities first", async () => {
    await becomes("srv", FIRST);
    expect((await ask("srv"))[1]).toBe(`one.test:${origins.port}`);
    const target = { target: "two.test", port: origins.port, priority: 10, weight: 5, ttl: TTL };
    names.zone.set("_http._tcp.app.test", { SRV: [target] });
    await becomes("srv", SECOND);
  });

  test("watches a file: written, replaced by nonsense, and written again", async () => {
    await becomes("file", FIRST);
    write(SECOND);
    await becomes("file", SECOND);
    writeFileSync(file, "[");
    await says(/\\"file\\": endpoints stay as they were \(the file .*: the list is not JSON\)/);
    write();
    await says(/\\"file\\": endpoints stay as they were \(the file .* lists no endpoint\)/);
    expect(await answering("file")).toEqual([SECOND]);
    write(FIRST, SECOND);
    await becomes("file", FIRST, SECOND);
  });

  test("asks a server for its list, with the ETag that it knows", async () => {
    await becomes("http", FIRST);
    await until("304s", () => lists.answered.filter((status) => status === 304).length > 2);
    expect(lists.answered.filter((status) => status === 200)).toHaveLength(1);
    lists.list = [at(SECOND)];
    await becomes("http", SECOND);
    lists.status = 500;
    await says(/\\"http\\": endpoints stay as they were \(.*: the server answered with status 500\)/);
    lists.status = 200;
    lists.list = [];
    await says(/\\"http\\": endpoints stay as they were \(.* lists no endpoint\)/);
    expect(await answering("http")).toEqual([SECOND]);
    lists.list = [at(FIRST)];
    await becomes("http", FIRST);
    expect(lists.keys).toEqual(new Set(["k"]));
    // It failed, and was empty, more often.
    expect(lines(/\\"http\\": endpoints stay as they were/)).toBe(2);
  });

  test("follows the EndpointSlices of a service by watching", async () => {
    await becomes("kube", FIRST);
    put(FIRST, SECOND);
    await becomes("kube", FIRST, SECOND);
    kube.api.endWatches();
    put(SECOND);
    await becomes("kube", SECOND);
    kube.api.isFailing = true;
    kube.api.endWatches();
    await says(/\\"kube\\": endpoints stay as they were \(.*: the API server answered with status 500\)/);
    expect(await answering("kube")).toEqual([SECOND]);
    kube.api.isFailing = false;
    await until("a watch", () => kube.api.watchers === 1);
    kube.api.remove("app-1");
    await says(/\\"kube\\": endpoints stay as they were \(.* lists no endpoint\)/);
    expect(await answering("kube")).toEqual([SECOND]);
    put(FIRST);
    await becomes("kube", FIRST);
    // One list; each watch went on where the one before had ended.
    expect(kube.api.requests.filter((target) => !target.includes("watch=1"))).toHaveLength(1);
  });
});

test.skipIf(!RUNTIMES.includes("workerd"))("discovery on workerd is refused at start", async () => {
  const ways = {
    dns: "http://app.test",
    srv: "_http._tcp.app.test",
    file: "/endpoints.json",
    http: "http://registry.test/list",
    kubernetes: { service: "app" },
  };
  const upstreams = Object.fromEntries(
    Object.entries(ways).map(([way, where]) => [way, { discovery: { [way]: where } }]),
  );
  const routes = Object.keys(ways).map((way) => ({ match: { path: `/${way}` }, upstream: way }));
  const refusal = await startProxy("workerd", { upstreams, routes }).then(
    () => "started",
    (error: unknown) => String(error),
  );
  for (const way of Object.keys(ways)) {
    expect(refusal).toContain(`upstreams.${way}.discovery: workers can't find endpoints by DNS`);
  }
});
