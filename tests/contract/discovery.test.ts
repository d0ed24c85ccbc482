import { describe, expect, test } from "vitest";
import { ManualClock } from "../../runtimes/memory/clock.ts";
import { seededRandom } from "../../runtimes/memory/random.ts";
import type { ByteSink } from "../../src/core/body.ts";
import type { Transport } from "../../src/core/platform.ts";
import { DiscoveredSet, type DiscoveryEvent } from "../../src/discovery/discovered-set.ts";
import { type DnsResolver, dnsSource } from "../../src/discovery/dns-source.ts";
import type { EndpointSource, FoundEndpoint, SourceUpdate } from "../../src/core/endpoint-source.ts";
import { SliceTable } from "../../src/discovery/endpoint-slices.ts";
import { fileSource } from "../../src/discovery/file-source.ts";
import { httpSource } from "../../src/discovery/http-source.ts";
import { kubernetesSource } from "../../src/discovery/kubernetes-source.ts";
import { staticSource } from "../../src/discovery/static-source.ts";
import { testEndpoint } from "../support/attempt.ts";
import { KubeApi, type WatchStream } from "../support/kube-api.ts";
import { failure, reply } from "../support/services.ts";

interface Rig {
  readonly source: EndpointSource;
  readonly clock: ManualClock;
  /** Changes what the source finds: IPv4 addresses, all on port 3000. */
  set(addresses: readonly string[]): void;
  /** Makes the source's other end fail from now on, until `set`. */
  fail(): void;
}

/** Why a source can't change. */
const FIXED = "a static list neither changes nor fails";

const random = seededRandom(1);
const encoder = new TextEncoder();
const urlOf = (address: string): string => `http://${address}:3000`;
const listOf = (addresses: readonly string[]): string => JSON.stringify(addresses.map(urlOf));

const resolverRig = (port: number | undefined) => (): Rig => {
  const clock = new ManualClock();
  let found: readonly string[] | undefined = [];
  const resolver: DnsResolver = {
    async addresses(name, family) {
      if (found === undefined) throw new Error("SERVFAIL");
      if (family === 6) return [];
      const own = name.startsWith("host-") ? [name.slice("host-".length)] : found;
      return own.map((address) => ({ address, ttlSeconds: 5 }));
    },
    async services() {
      if (found === undefined) throw new Error("SERVFAIL");
      return found.map((address) => ({ target: `host-${address}`, port: 3000, priority: 0, weight: 1 }));
    },
  };
  return {
    clock,
    source: dnsSource({ clock, random, resolver, name: "api.test", scheme: "http", port }),
    set: (addresses) => (found = addresses),
    fail: () => (found = undefined),
  };
};

const fileRig = (): Rig => {
  const clock = new ManualClock();
  const watchers = new Set<() => void>();
  let content: string | undefined = "[]";
  const write = (text: string | undefined): void => {
    content = text;
    for (const changed of watchers) changed();
  };
  const file = {
    path: "/endpoints.json",
    async read() {
      if (content === undefined) throw new Error("ENOENT");
      return content;
    },
    watch(changed: () => void) {
      watchers.add(changed);
      return () => void watchers.delete(changed);
    },
  };
  return {
    clock,
    source: fileSource(file, clock),
    set: (addresses) => write(listOf(addresses)),
    fail: () => write(undefined),
  };
};

const httpRig = (): Rig => {
  const clock = new ManualClock();
  let [text, version] = ["[]" as string | undefined, 0];
  const transport: Transport = {
    async send({ exchange: { arrival } }) {
      if (text === undefined) throw failure("connect-failed", "connecting");
      const etag = `"${version}"`;
      if (arrival.fields.includes(etag)) return reply(304);
      return reply(200, ["etag", etag], { kind: "bytes", bytes: encoder.encode(text) });
    },
    close: async () => {},
  };
  const change = (next: string | undefined): void => {
    text = next;
    version += 1;
  };
  const endpoint = testEndpoint({ url: "http://registry.test" });
  return {
    clock,
    source: httpSource({ clock, random, transport, endpoint, target: "/list" }),
    set: (addresses) => change(listOf(addresses)),
    fail: () => change(undefined),
  };
};

/** The API server behind a transport. */
const kubeTransport = (api: KubeApi): Transport => ({
  async send({ target, cancellation }) {
    const answer = api.answer(target);
    if (answer.kind === "whole") {
      return reply(answer.status, [], { kind: "bytes", bytes: encoder.encode(answer.body) });
    }
    let sink: ByteSink | undefined;
    const stream: WatchStream = {
      write: (text) => void sink?.write(encoder.encode(text)),
      end: () => sink?.end([]),
    };
    const leave = (): void => {
      api.left(stream);
      sink = undefined;
    };
    cancellation.subscribe((reason) => {
      const reader = sink;
      leave();
      reader?.fail(reason);
    });
    const source = {
      start(reader: ByteSink) {
        sink = reader;
        answer.begin(stream);
      },
      resume() {},
      cancel: leave,
    };
    return reply(200, [], { kind: "stream", length: undefined, source });
  },
  close: async () => {},
});

const kubeRig = (): Rig & { readonly api: KubeApi } => {
  const clock = new ManualClock();
  const api = new KubeApi();
  const source = kubernetesSource({
    clock,
    random,
    transport: kubeTransport(api),
    api: testEndpoint({ url: "http://kube.test" }),
    namespace: "shop",
    service: "api",
    scheme: "http",
    port: "web",
    token: async () => "secret",
  });
  return {
    api,
    clock,
    source,
    set(addresses) {
      api.isFailing = false;
      api.put("api-1", {
        endpoints: addresses.map((address) => ({ addresses: [address] })),
        ports: [{ name: "web", port: 3000 }],
      });
    },
    fail() {
      api.isFailing = true;
      api.endWatches();
    },
  };
};

const staticRig = (): Rig => {
  let listed: readonly FoundEndpoint[] = [];
  const source: EndpointSource = {
    name: "the config",
    start: (listener) => staticSource(listed).start(listener),
    stop() {},
  };
  const set = (addresses: readonly string[]): void => {
    listed = addresses.map((address) => ({ url: urlOf(address) }));
  };
  return { clock: new ManualClock(), source, set, fail() {} };
};

interface Subject {
  readonly name: string;
  readonly create: () => Rig;
  /** Why it is not expected to change. */
  readonly fixed?: string;
}

const SUBJECTS: readonly Subject[] = [
  { name: "static list", create: staticRig, fixed: FIXED },
  { name: "DNS addresses", create: resolverRig(3000) },
  { name: "DNS services", create: resolverRig(undefined) },
  { name: "watched file", create: fileRig },
  { name: "HTTP list", create: httpRig },
  { name: "Kubernetes slices", create: kubeRig },
];

/** Longer than any source's interval, and any pause after failures. */
const A_WHILE = 60_000;

const started = (create: () => Rig, addresses: readonly string[]) => {
  const rig = create();
  const updates: SourceUpdate[] = [];
  rig.set(addresses);
  rig.source.start((update) => void updates.push(update));
  const last = (): readonly string[] | string | undefined => {
    const update = updates.at(-1);
    return update?.kind === "found" ? update.endpoints.map(({ url }) => url).toSorted() : update?.kind;
  };
  return { rig, updates, last };
};

describe.each(SUBJECTS)("$name", ({ create, fixed }) => {
  test("is reported at the start", async () => {
    const { rig, last } = started(create, ["10.0.0.1", "10.0.0.2"]);
    await rig.clock.advance(100);
    expect(last()).toEqual(["http://10.0.0.1:3000", "http://10.0.0.2:3000"]);
    rig.source.stop();
  });

  test.skipIf(fixed !== undefined)("is reported again when it changes", async () => {
    const { rig, last } = started(create, ["10.0.0.1"]);
    await rig.clock.advance(100);
    rig.set(["10.0.0.1", "10.0.0.3"]);
    await rig.clock.advance(A_WHILE);
    expect(last()).toEqual(["http://10.0.0.1:3000", "http://10.0.0.3:3000"]);
    rig.set(["10.0.0.3"]);
    await rig.clock.advance(A_WHILE);
    expect(last()).toEqual(["http://10.0.0.3:3000"]);
    rig.source.stop();
  });

  test.skipIf(fixed !== undefined)("reports failures, and recovers from them", async () => {
    const { rig, updates, last } = started(create, ["10.0.0.1"]);
    await rig.clock.advance(100);
    rig.fail();
    await rig.clock.advance(A_WHILE);
    expect(last()).toBe("failed");
    expect(updates.filter(({ kind }) => kind === "failed").length).toBeLessThan(70);
    rig.set(["10.0.0.2"]);
    await rig.clock.advance(A_WHILE);
    expect(last()).toEqual(["http://10.0.0.2:3000"]);
    rig.source.stop();
  });

  test.skipIf(fixed !== undefined)("recovers where it fails from the start", async () => {
    const rig = create();
    const updates: SourceUpdate[] = [];
    rig.fail();
    rig.source.start((update) => void updates.push(update));
    await rig.clock.advance(5_000);
    expect(updates.map(({ kind }) => kind)).not.toContain("found");
    rig.set(["10.0.0.2"]);
    await rig.clock.advance(A_WHILE);
    expect(updates.at(-1)?.kind).toBe("found");
    rig.source.stop();
  });

  test("reports nothing after it was stopped, and leaves no timer behind", async () => {
    const { rig, updates } = started(create, ["10.0.0.1"]);
    await rig.clock.advance(100);
    rig.source.stop();
    await rig.clock.advance(1);
    const before = updates.length;
    rig.set(["10.0.0.2"]);
    await rig.clock.advance(A_WHILE);
    expect(updates.length).toBe(before);
    expect(rig.clock.pending).toBe(0);
  });

  test.skipIf(fixed !== undefined)("may be stopped while it asks", async () => {
    const rig = create();
    const updates: SourceUpdate[] = [];
    rig.set(["10.0.0.1"]);
    rig.source.start((update) => void updates.push(update));
    rig.source.stop();
    await rig.clock.advance(A_WHILE);
    expect(updates).toEqual([]);
    expect(rig.clock.pending).toBe(0);
  });

  test.skipIf(fixed !== undefined)(
    "leaves the last good set in place when it fails or is empty, and says so",
    async () => {
      const rig = create();
      const applied: (readonly string[])[] = [];
      const events: DiscoveryEvent[] = [];
      const set = new DiscoveredSet({
        source: rig.source,
        apply: (endpoints) => void applied.push(endpoints.map(({ url }) => url)),
        onEvent: (event) => void events.push(event),
      });
      rig.set(["10.0.0.2", "10.0.0.1"]);
      set.start();
      await rig.clock.advance(A_WHILE);
      rig.set([]);
      await rig.clock.advance(A_WHILE);
      rig.fail();
      await rig.clock.advance(A_WHILE);
      rig.set(["10.0.0.1", "10.0.0.2"]);
      await rig.clock.advance(A_WHILE);
      set.stop();
      expect(applied).toEqual([["http://10.0.0.1:3000", "http://10.0.0.2:3000"]]);
      expect(events.map(({ result }) => result)).toEqual(["changed", "kept", "kept"]);
      expect(events[1]?.reason).toMatch(/lists no endpoint/);
    },
  );
});

describe("discovered set", () => {
  const heard = (apply: (endpoints: readonly FoundEndpoint[]) => void) => {
    const events: string[] = [];
    let tell: (update: SourceUpdate) => void = () => {};
    const source: EndpointSource = { name: "it", start: (listener) => (tell = listener), stop() {} };
    new DiscoveredSet({ source, apply, onEvent: ({ result }) => void events.push(result) }).start();
    return { events, tell: (endpoints: readonly FoundEndpoint[]) => tell({ kind: "found", endpoints }) };
  };

  test("keeps the last set where all weights are 0: nobody would be left", () => {
    const applied: number[] = [];
    const { events, tell } = heard(({ length }) => applied.push(length));
    tell([{ url: "http://a.test" }, { url: "http://b.test", weight: 0 }]);
    tell([{ url: "http://a.test", weight: 0 }]);
    expect([applied, events]).toEqual([[2], ["changed", "kept"]]);
  });

  test("does not take a set for known that could not be used", () => {
    let applied = 0;
    const { tell } = heard(() => {
      applied += 1;
      throw new TypeError("not usable");
    });
    for (let i = 0; i < 2; i++) expect(() => tell([{ url: "http://a.test" }])).toThrow("not usable");
    expect(applied).toBe(2);
  });
});

describe("Kubernetes watch", () => {
  test("takes up a watch that ended where it was, without listing again", async () => {
    const rig = kubeRig();
    const updates: SourceUpdate[] = [];
    rig.set(["10.0.0.1"]);
    rig.source.start((update) => void updates.push(update));
    await rig.clock.advance(100);
    rig.api.endWatches();
    await rig.clock.advance(2_000);
    rig.set(["10.0.0.2"]);
    await rig.clock.advance(100);
    rig.source.stop();
    expect(rig.api.requests.filter((target) => !target.includes("watch=1"))).toHaveLength(1);
    expect(rig.api.requests.at(-1)).toContain("resourceVersion=101");
    expect(updates.at(-1)).toMatchObject({ endpoints: [{ url: "http://10.0.0.2:3000" }] });
    await rig.clock.advance(1);
    expect(rig.api.watchers).toBe(0);
  });

  test("lists again when the server has forgotten its version", async () => {
    const rig = kubeRig();
    const updates: SourceUpdate[] = [];
    rig.set(["10.0.0.1"]);
    rig.source.start((update) => void updates.push(update));
    await rig.clock.advance(100);
    rig.api.endWatches();
    rig.api.oldestVersion = 102;
    rig.set(["10.0.0.2"]);
    await rig.clock.advance(5_000);
    rig.source.stop();
    expect(rig.api.requests.filter((target) => !target.includes("watch=1"))).toHaveLength(2);
    expect(updates.map(({ kind }) => kind)).not.toContain("failed");
    expect(updates.at(-1)).toMatchObject({ endpoints: [{ url: "http://10.0.0.2:3000" }] });
  });

  test("lists again after an event that it can't use", async () => {
    const rig = kubeRig();
    const updates: SourceUpdate[] = [];
    rig.set(["10.0.0.1"]);
    rig.source.start((update) => void updates.push(update));
    await rig.clock.advance(100);
    const metadata = { name: "odd", resourceVersion: "101" };
    rig.api.emit({ type: "ADDED", object: { metadata, endpoints: [], ports: 7 } });
    await rig.clock.advance(5_000);
    expect(updates.map(({ kind }) => kind)).toEqual(["found", "failed", "found"]);
    rig.set(["10.0.0.2"]);
    await rig.clock.advance(100);
    rig.source.stop();
    expect(updates.at(-1)).toMatchObject({ endpoints: [{ url: "http://10.0.0.2:3000" }] });
  });

  test("leaves out what is not ready, joins slices, and knows zones and IPv6", async () => {
    const rig = kubeRig();
    const updates: SourceUpdate[] = [];
    const ports = [
      { name: "metrics", port: 9090 },
      { name: "web", port: 3000 },
    ];
    rig.api.put("api-1", {
      ports,
      endpoints: [
        { addresses: ["10.0.0.1", "10.9.9.9"], conditions: { ready: true }, zone: "a" },
        { addresses: ["10.0.0.2"], conditions: { ready: false } },
        { addresses: ["10.0.0.3"], conditions: {} },
      ],
    });
    rig.api.put("api-2", { ports, endpoints: [{ addresses: ["fd00::1"], zone: null }] });
    rig.api.put("api-3", { ports: [{ name: "other", port: 1 }], endpoints: [{ addresses: ["10.0.0.9"] }] });
    rig.source.start((update) => void updates.push(update));
    await rig.clock.advance(100);
    expect(updates.at(-1)).toEqual({
      kind: "found",
      endpoints: [
        { url: "http://10.0.0.1:3000", zone: "a" },
        { url: "http://10.0.0.3:3000", zone: undefined },
        { url: "http://[fd00::1]:3000", zone: undefined },
      ],
    });
    rig.api.remove("api-1");
    await rig.clock.advance(100);
    expect(updates.at(-1)).toMatchObject({ endpoints: [{ url: "http://[fd00::1]:3000" }] });
    rig.source.stop();
  });
});

describe("Kubernetes port", () => {
  test.each([
    ["web", 3000],
    ["9090", 9090],
    [undefined, 9090],
  ] as const)("%s is %i", (port, expected) => {
    const table = new SliceTable({ scheme: "http", port });
    const ports = [
      { name: "metrics", port: 9090 },
      { name: "web", port: 3000 },
    ];
    table.replace([{ metadata: { name: "a" }, endpoints: [{ addresses: ["10.0.0.1"] }], ports }]);
    expect(table.endpoints()).toEqual([{ url: `http://10.0.0.1:${expected}`, zone: undefined }]);
  });
});

describe("DNS source", () => {
  test("asks again when the shortest TTL is over, and not before", async () => {
    const clock = new ManualClock();
    const asked: number[] = [];
    const resolver: DnsResolver = {
      async addresses(_, family) {
        if (family === 6) throw new Error("no IPv6 here");
        asked.push(clock.now());
        return [
          { address: "10.0.0.1", ttlSeconds: 60 },
          { address: "10.0.0.2", ttlSeconds: 20 },
        ];
      },
      services: async () => [],
    };
    const source = dnsSource({ clock, random, resolver, name: "api.test", scheme: "https", port: 443 });
    const updates: SourceUpdate[] = [];
    source.start((update) => void updates.push(update));
    await clock.advance(50_000);
    source.stop();
    expect(asked).toHaveLength(3);
    expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeGreaterThanOrEqual(18_000);
    expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeLessThanOrEqual(22_000);
    expect(updates[0]).toMatchObject({ endpoints: [{ url: "https://10.0.0.1:443", name: "api.test" }, {}] });
  });

  test("keeps the addresses of a family whose look-up fails for a moment", async () => {
    const clock = new ManualClock();
    let isFailing = false;
    const resolver: DnsResolver = {
      async addresses(_, family) {
        if (family === 6) return [{ address: "fd00::1", ttlSeconds: 5 }];
        if (isFailing) throw new Error("SERVFAIL");
        return [{ address: "10.0.0.1", ttlSeconds: 5 }];
      },
      services: async () => [],
    };
    const source = dnsSource({ clock, random, resolver, name: "api.test", scheme: "http", port: 80 });
    const updates: SourceUpdate[] = [];
    source.start((update) => void updates.push(update));
    await clock.advance(1_000);
    isFailing = true;
    await clock.advance(20_000);
    source.stop();
    expect(updates.length).toBeGreaterThan(2);
    for (const update of updates) {
      expect(update).toMatchObject({
        endpoints: [{ url: "http://10.0.0.1:80" }, { url: "http://[fd00::1]:80" }],
      });
    }
  });

  test("reads priorities and weights of services", async () => {
    const clock = new ManualClock();
    const resolver: DnsResolver = {
      addresses: async (name, family) =>
        family === 4 ? [{ address: name === "a.test" ? "10.0.0.1" : "10.0.0.2", ttlSeconds: 5 }] : [],
      services: async () => [
        { target: "a.test", port: 81, priority: 10, weight: 60 },
        { target: "b.test", port: 82, priority: 20, weight: 0 },
      ],
    };
    const updates: SourceUpdate[] = [];
    const source = dnsSource({
      clock,
      random,
      resolver,
      name: "_http._tcp.test",
      scheme: "http",
      port: undefined,
    });
    source.start((update) => void updates.push(update));
    await clock.advance(1);
    source.stop();
    expect(updates[0]).toEqual({
      kind: "found",
      endpoints: [
        { url: "http://10.0.0.1:81", name: "a.test", priority: 10, weight: 60 },
        { url: "http://10.0.0.2:82", name: "b.test", priority: 20, weight: 0.1 },
      ],
    });
  });
});
