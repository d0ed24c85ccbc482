import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { engineTransport } from "../../../../runtimes/engine/client/transport.ts";
import { engineClock } from "../../../../runtimes/engine/clock.ts";
import { dnsResolver } from "../../../../runtimes/engine/discovery/resolver.ts";
import { tcpProbe } from "../../../../runtimes/engine/discovery/tcp-probe.ts";
import { watchedFile } from "../../../../runtimes/engine/discovery/watched-file.ts";
import { seededRandom } from "../../../../runtimes/memory/random.ts";
import type { EndpointSource, SourceUpdate } from "../../../../src/core/endpoint-source.ts";
import { fileSource } from "../../../../src/discovery/file-source.ts";
import { kubernetesSource } from "../../../../src/discovery/kubernetes-source.ts";
import { testEndpoint } from "../../../support/attempt.ts";
import type { DnsAnswers } from "../../../support/dns-answer.ts";
import { KubeServer } from "../../../support/kube-server.ts";
import { NameServer } from "../../../support/name-server.ts";

const clock = engineClock();

/** The URLs of each list that a source reports, one after the other. */
const lists = (source: EndpointSource) => {
  const waiting: ((urls: readonly string[]) => void)[] = [];
  const found: (readonly string[])[] = [];
  let reported = 0;
  source.start((update: SourceUpdate) => {
    if (update.kind !== "found") return;
    reported += 1;
    const urls = update.endpoints.map(({ url }) => url);
    const next = waiting.shift();
    if (next === undefined) found.push(urls);
    else next(urls);
  });
  const next = (): Promise<readonly string[]> =>
    new Promise((resolve) => {
      const urls = found.shift();
      if (urls === undefined) waiting.push(resolve);
      else resolve(urls);
    });
  return {
    count: () => reported,
    /** The first list to come that is `wanted`. */
    async until(wanted: readonly string[]): Promise<void> {
      while (JSON.stringify(await next()) !== JSON.stringify(wanted));
    },
  };
};

describe("Kubernetes watch over sockets", () => {
  test("follows slices, ends of watches and failures of the API server", async () => {
    const server = await new KubeServer().start();
    const { api, credentials } = server;
    const transport = engineTransport({ clock });
    const source = kubernetesSource({
      clock,
      random: seededRandom(1),
      transport,
      api: testEndpoint({ url: server.url }),
      namespace: "shop",
      service: "api",
      scheme: "http",
      port: "web",
      token: async () => "secret",
    });
    const put = (...addresses: readonly string[]): void =>
      api.put("api-1", {
        endpoints: addresses.map((address) => ({ addresses: [address] })),
        ports: [{ name: "web", port: 80 }],
      });
    put("10.0.0.1");
    const seen = lists(source);
    await seen.until(["http://10.0.0.1:80"]);
    put("10.0.0.1", "10.0.0.2");
    await seen.until(["http://10.0.0.1:80", "http://10.0.0.2:80"]);
    api.endWatches();
    put("10.0.0.3");
    await seen.until(["http://10.0.0.3:80"]);
    api.isFailing = true;
    api.endWatches();
    put("10.0.0.4");
    api.isFailing = false;
    await seen.until(["http://10.0.0.4:80"]);
    source.stop();
    // It leaves the watch, which the server sees.
    await expect.poll(() => api.watchers).toBe(0);
    expect(credentials).toEqual(new Set(["Bearer secret"]));
    await transport.close();
    await server.stop();
  });
});

describe("watched file", () => {
  test("is read again when it is written, replaced, removed and put back", async () => {
    const folder = mkdtempSync(join(tmpdir(), "fairlead-"));
    const path = join(folder, "endpoints.json");
    const write = (name: string, ...urls: readonly string[]): void =>
      writeFileSync(join(folder, name), JSON.stringify(urls));
    write("endpoints.json", "http://a.test");
    const source = fileSource(watchedFile(path, clock), clock);
    const seen = lists(source);
    await seen.until(["http://a.test"]);
    write("endpoints.json", "http://b.test");
    await seen.until(["http://b.test"]);
    write("next.json", "http://c.test");
    renameSync(join(folder, "next.json"), path);
    await seen.until(["http://c.test"]);
    rmSync(path);
    write("endpoints.json", "http://d.test");
    await seen.until(["http://d.test"]);
    source.stop();
    expect(seen.count()).toBeGreaterThanOrEqual(4);
    rmSync(folder, { recursive: true });
  });
});

describe("DNS resolver", () => {
  const asked = async (name: string, answers: DnsAnswers) => {
    const server = await new NameServer().start();
    server.zone.set(name, answers);
    return { resolver: dnsResolver({ servers: [server.address] }), end: () => server.stop() };
  };

  test("knows addresses with their TTLs, and services", async () => {
    const { resolver, end } = await asked("api.test", {
      A: [
        { address: "10.0.0.1", ttl: 30 },
        { address: "10.0.0.2", ttl: 60 },
      ],
      AAAA: [{ address: "fd00:0:0:0:0:0:0:1", ttl: 7 }],
      SRV: [{ target: "a.test", port: 8080, priority: 1, weight: 5, ttl: 9 }],
    });
    expect(await resolver.addresses("api.test", 4)).toEqual([
      { address: "10.0.0.1", ttlSeconds: 30 },
      { address: "10.0.0.2", ttlSeconds: 60 },
    ]);
    expect(await resolver.addresses("api.test", 6)).toEqual([{ address: "fd00::1", ttlSeconds: 7 }]);
    expect(await resolver.services("api.test")).toEqual([
      { target: "a.test", port: 8080, priority: 1, weight: 5 },
    ]);
    await end();
  });

  test("finds nothing for a name without records", async () => {
    const { resolver, end } = await asked("none.test", {});
    expect(await resolver.addresses("none.test", 6)).toEqual([]);
    expect(await resolver.services("none.test")).toEqual([]);
    await end();
  });
});

describe("TCP probe", () => {
  test("passes where somebody listens, and fails with the reason where nobody does", async () => {
    const server = createServer((socket) => socket.on("error", () => {}));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const endpoint = testEndpoint({ url: `http://127.0.0.1:${port}` });
    const probe = tcpProbe(clock);
    expect(await probe(endpoint, 2_000)).toEqual({ passed: true, detail: "connected" });
    await new Promise((resolve) => server.close(resolve));
    expect(await probe(endpoint, 2_000)).toEqual({
      passed: false,
      detail: "could not connect (ECONNREFUSED)",
    });
  });
});
