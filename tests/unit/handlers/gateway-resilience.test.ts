import { describe, expect, test } from "vitest";
import { type ScriptedUpstream, type TestGateway, testGateway } from "../../../runtimes/memory/mod.ts";
import type { ConfigInput } from "../../../src/mod.ts";

const named =
  (name: string): ScriptedUpstream =>
  () =>
    new Response(name);
const failing: ScriptedUpstream = () => new Response("down", { status: 503 });

const SERVERS = { "http://a": named("a"), "http://b": named("b"), "http://c": named("c") };

/** Asks, and lets time pass until the answer is there. */
const ask = async (
  { app, clock }: Pick<TestGateway, "app" | "clock">,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<Response> => {
  const answers: Response[] = [];
  const asked = Promise.resolve(
    app.request("http://shop.test/", { method, headers: { host: "shop.test", ...headers } }),
  ).then((response) => {
    answers.push(response);
  });
  for (let i = 0; i < 100 && answers.length === 0; i++) await clock.advance(i === 0 ? 0 : 10);
  await asked;
  const [answer] = answers;
  if (answer === undefined) throw new Error("no answer");
  return answer;
};

const texts = async (gateway: TestGateway, times: number, headers: Record<string, string> = {}) => {
  const found = new Set<string>();
  for (let i = 0; i < times; i++) found.add(await (await ask(gateway, headers)).text());
  return [...found].toSorted();
};

const to = (upstream: NonNullable<ConfigInput["upstreams"]>[string]): ConfigInput => ({
  upstreams: { app: upstream },
});

describe("gateway", () => {
  test("asks another endpoint where one fails, and leaves out the one that keeps failing", async () => {
    let asked = 0;
    const counted: ScriptedUpstream = () => {
      asked += 1;
      return new Response("down", { status: 503 });
    };
    const gateway = testGateway(to(["http://a", "http://b"]), { ...SERVERS, "http://b": counted });
    expect(await texts(gateway, 40)).toEqual(["a"]);
    expect(asked).toBe(5);
  });

  test("passes on the failure of an only endpoint, and asks it once", async () => {
    let asked = 0;
    const gateway = testGateway(to("http://a"), {
      "http://a": () => {
        asked += 1;
        return new Response("down", { status: 503 });
      },
    });
    expect((await ask(gateway)).status).toBe(503);
    expect(asked).toBe(1);
  });

  test("repeats no POST that was sent, unless nothing was", async () => {
    const config = to({ endpoints: ["http://a", "http://b"], balance: "round-robin" });
    const sent = testGateway(config, { "http://a": failing, "http://b": failing });
    expect(await (await ask(sent, {}, "POST")).text()).toBe("down");
    expect(sent.reports.at(-1)?.attempts).toBe(1);
    const refused = testGateway(config, { "http://a": named("a") });
    for (let i = 0; i < 4; i++) expect(await (await ask(refused, {}, "POST")).text()).toBe("a");
  });

  test("retries are off where the config says so", async () => {
    const gateway = testGateway(
      to({ endpoints: ["http://a", "http://b"], retry: false, balance: "round-robin" }),
      { "http://a": failing, "http://b": failing },
    );
    expect(await (await ask(gateway)).text()).toBe("down");
    expect(gateway.reports.at(-1)?.attempts).toBe(1);
  });

  test("a key keeps to an endpoint", async () => {
    const gateway = testGateway(
      to({
        endpoints: ["http://a", "http://b", "http://c"],
        balance: { policy: "maglev", key: "header:x-user" },
      }),
      SERVERS,
    );
    expect(await texts(gateway, 10, { "x-user": "1" })).toHaveLength(1);
    const all = new Set<string>();
    for (let i = 0; i < 30; i++)
      for (const text of await texts(gateway, 1, { "x-user": `${i}` })) all.add(text);
    expect(all.size).toBe(3);
  });

  test("a signed cookie keeps to an endpoint", async () => {
    const gateway = testGateway(
      to({ endpoints: ["http://a", "http://b", "http://c"], balance: { sticky: { secret: "s" } } }),
      SERVERS,
    );
    const first = await gateway.app.request("http://shop.test/", { headers: { host: "shop.test" } });
    const [cookie = ""] = (first.headers.get("set-cookie") ?? "").split(";");
    expect(first.headers.get("set-cookie")).toMatch(
      /^fairlead-[\da-f]+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    const name = await first.text();
    for (let i = 0; i < 8; i++) {
      const again = await gateway.app.request("http://shop.test/", {
        headers: { host: "shop.test", cookie },
      });
      expect([await again.text(), again.headers.get("set-cookie")]).toEqual([name, null]);
    }
  });

  test("signed cookies of two upstreams do not replace each other", async () => {
    const sticky = { secret: "s" };
    const gateway = testGateway(
      {
        upstreams: {
          app: { endpoints: ["http://a", "http://b"], balance: { sticky } },
          shop: { endpoints: ["http://b", "http://c"], balance: { sticky } },
        },
        routes: [
          { match: { path: "/app" }, upstream: "app" },
          { match: { path: "/shop" }, upstream: "shop" },
        ],
      },
      SERVERS,
    );
    const jar = new Map<string, string>();
    const texts = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const path = i % 2 === 0 ? "/app" : "/shop";
      const cookie = [...jar].map((pair) => pair.join("=")).join("; ");
      const response = await gateway.app.request(`http://shop.test${path}`, {
        headers: { host: "shop.test", cookie },
      });
      const [name = "", value] = (response.headers.get("set-cookie") ?? "").split(/[=;]/);
      if (value !== undefined) jar.set(name, value);
      texts.add(`${path} ${await response.text()}`);
    }
    expect([jar.size, texts.size]).toEqual([2, 2]);
  });

  test("a function chooses", async () => {
    const gateway = testGateway(
      to({
        endpoints: ["http://a", "http://b"],
        balance: {
          policy: (candidates) => candidates.find(({ endpoint }) => endpoint.origin === "http://b"),
        },
      }),
      SERVERS,
    );
    expect(await texts(gateway, 10)).toEqual(["b"]);
  });

  test("prefers its own zone, the client's region, the lower tier", async () => {
    const ends = [
      { url: "http://a", zone: "z1", region: "DE", priority: 0 },
      { url: "http://b", zone: "z2", region: "FR", priority: 0 },
    ];
    const zone = testGateway(to({ endpoints: ends, balance: { prefer: "zone", zone: "z2" } }), SERVERS);
    expect(await texts(zone, 10)).toEqual(["b"]);
    const region = testGateway(
      {
        ...to({ endpoints: ends, balance: { prefer: "region", regionFrom: "header:x-country" } }),
        listen: { trustedProxies: ["192.0.2.1"] },
      },
      SERVERS,
    );
    expect(await texts(region, 10, { "x-country": "FR" })).toEqual(["b"]);
    const tiers = testGateway(to(["http://a", { url: "http://c", priority: 1 }]), SERVERS);
    expect(await texts(tiers, 10)).toEqual(["a"]);
  });

  test("believes a header with the client's region from a trusted proxy only", async () => {
    const ends = [
      { url: "http://a", region: "DE" },
      { url: "http://b", region: "FR" },
    ];
    const config = {
      ...to({
        endpoints: ends,
        balance: { policy: "round-robin", prefer: "region", regionFrom: "header:X-Country" },
      }),
      listen: { trustedProxies: ["198.51.100.7"] },
    } as const;
    const untrusted = testGateway(config, SERVERS);
    expect(await texts(untrusted, 10, { "x-country": "FR" })).toEqual(["a"]);
    const trusted = testGateway(config, SERVERS, { peer: "198.51.100.7" });
    expect(await texts(trusted, 10, { "x-country": "FR" })).toEqual(["b"]);
  });

  test("health checks take an endpoint out and bring it back", async () => {
    let isUp = true;
    const checked: ScriptedUpstream = () => new Response("b", { status: isUp ? 200 : 500 });
    const gateway = testGateway(
      to({ endpoints: ["http://a", "http://b"], health: "/healthz", balance: "round-robin", slowStart: 0 }),
      { ...SERVERS, "http://b": checked },
    );
    const pass = (seconds: number): Promise<void> => gateway.clock.advance(seconds * 1_000);
    await ask(gateway);
    await pass(1);
    expect(await texts(gateway, 4)).toEqual(["a", "b"]);
    isUp = false;
    await pass(30);
    expect(await texts(gateway, 8)).toEqual(["a"]);
    isUp = true;
    await pass(10);
    expect(await texts(gateway, 8)).toEqual(["a", "b"]);
  });
});

describe("route", () => {
  test("fails over to another upstream", async () => {
    const gateway = testGateway(
      {
        upstreams: { main: "http://nobody", spare: "http://b" },
        routes: [{ upstream: "main", failover: "spare" }],
      },
      SERVERS,
    );
    expect(await texts(gateway, 3)).toEqual(["b"]);
  });

  test("copies requests to another upstream, whose failures nobody sees", async () => {
    const copied: string[] = [];
    const shadow: ScriptedUpstream = (request) => {
      copied.push(`${request.method} ${new URL(request.url).pathname}`);
      return new Response("broken", { status: 500 });
    };
    const gateway = testGateway(
      {
        upstreams: { main: "http://a", shadow: "http://shadow" },
        routes: [{ upstream: "main", mirror: "shadow" }],
      },
      { ...SERVERS, "http://shadow": shadow },
    );
    expect(await texts(gateway, 2)).toEqual(["a"]);
    expect(copied).toEqual(["GET /", "GET /"]);
  });

  test("keeps a client at one upstream of a split", async () => {
    const gateway = testGateway(
      {
        upstreams: { stable: "http://a", canary: "http://b" },
        routes: [
          {
            upstream: [
              { name: "stable", weight: 1 },
              { name: "canary", weight: 1 },
            ],
            sticky: "header:x-user",
          },
        ],
      },
      SERVERS,
    );
    const all = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const found = await texts(gateway, 3, { "x-user": `${i}` });
      expect(found).toHaveLength(1);
      for (const text of found) all.add(text);
    }
    expect(all.size).toBe(2);
  });
});
