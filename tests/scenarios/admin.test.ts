/** The admin listener: health and metrics beside the traffic, on a port of its own. */
import { expect } from "vitest";
import { samplesIn } from "../support/exposition.ts";
import { RawClient, type RawResponse } from "../support/raw-client.ts";
import { type Case, type Stage, conformance, requestText } from "../support/suite.ts";

const ask = async (stage: Stage, target: string, fields: readonly string[] = []): Promise<RawResponse> => {
  const client = await RawClient.connect(stage.proxy.admin ?? 0);
  try {
    void client.send(requestText(target, { host: "admin.test", fields: [...fields, "Connection: close"] }));
    return await client.response();
  } finally {
    client.close();
  }
};

const TOKEN = "Authorization: Bearer token-of-the-operators";

const cases: Case[] = [
  {
    title: "health is told to anybody, metrics to those with the token",
    run: async (stage) => {
      expect((await ask(stage, "/livez")).text).toBe("live\n");
      expect((await ask(stage, "/readyz")).text).toBe("ready\n");
      expect((await ask(stage, "/metrics")).status).toBe(401);
      expect((await ask(stage, "/metrics", [TOKEN])).status).toBe(200);
    },
  },
  {
    title: "metrics show connections, the process, and what is sent to upstreams",
    run: async (stage) => {
      const client = await stage.client();
      await client.send(requestText("/"));
      await client.response();
      const samples = samplesIn((await ask(stage, "/metrics", [TOKEN])).text);
      const valueOf = (name: string, labels: Record<string, string> = {}): number | undefined =>
        samples.find(
          (sample) =>
            sample.name === name &&
            Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
        )?.value;
      expect(valueOf("fairlead_server_connections")).toBe(1);
      expect(valueOf("fairlead_config_generation")).toBe(1);
      expect(valueOf("http_client_open_connections", { http_connection_state: "idle" })).toBe(1);
      expect(valueOf("http_server_active_requests")).toBe(0);
      expect(valueOf("process_memory_usage_bytes")).toBeGreaterThan(1e6);
      expect(valueOf("process_cpu_time_seconds_total", { cpu_mode: "user" })).toBeGreaterThan(0);
      expect(valueOf("target_info", { service_name: "fairlead" })).toBe(1);
    },
  },
  {
    title: "tunnels are counted as such, while they are open and when they have ended",
    run: async (stage) => {
      const tunnels = async (): Promise<Record<string, number>> => {
        const samples = samplesIn((await ask(stage, "/metrics", [TOKEN])).text);
        const names = [
          "fairlead_tunnel_active",
          "fairlead_tunnel_duration_seconds_count",
          "fairlead_endpoint_tunnels_total",
          "http_server_request_duration_seconds_count",
        ];
        const own = samples.filter(
          ({ name, labels }) => names.includes(name) && labels["fairlead_route"] !== "route 1",
        );
        return Object.fromEntries(own.map(({ name, value }) => [name, value]));
      };
      stage.origin.script(async (x) => void (await x.wire.ended(60_000)));
      const fields = ["Connection: Upgrade", "Upgrade: example/1"];
      const { client, exchange } = await stage.begun(requestText("/tunnel", { fields }));
      await exchange.send(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: example/1\r\n\r\n",
      );
      expect((await client.head()).status).toBe(101);
      expect(await tunnels()).toEqual({ fairlead_tunnel_active: 1 });
      client.close();
      await exchange.wire.ended();
      exchange.wire.finish();
      let ended = await tunnels();
      for (let tries = 0; tries < 100 && ended["fairlead_tunnel_active"] === 1; tries += 1)
        ended = await tunnels();
      expect(ended).toEqual({
        fairlead_tunnel_active: 0,
        fairlead_tunnel_duration_seconds_count: 1,
        fairlead_endpoint_tunnels_total: 1,
      });
    },
  },
  {
    title: "requests to it are no traffic",
    run: async (stage) => {
      const count = async (): Promise<number> =>
        samplesIn((await ask(stage, "/metrics", [TOKEN])).text)
          .filter(({ name }) => name === "http_server_request_duration_seconds_count")
          .reduce((sum, { value }) => sum + value, 0);
      const before = await count();
      await ask(stage, "/readyz");
      expect(await count()).toBe(before);
      expect((await stage.request("/metrics")).text).toBe("origin");
    },
  },
  {
    // The last one: it ends the proxy.
    title: "readiness turns when a stop begins, and liveness does not",
    run: async (stage) => {
      const { client, exchange } = await stage.begun(requestText("/slow"));
      stage.proxy.child.signal("SIGTERM");
      let ready = await ask(stage, "/readyz");
      while (ready.status === 200) ready = await ask(stage, "/readyz");
      expect([ready.status, ready.text]).toEqual([503, "draining\n"]);
      expect((await ask(stage, "/livez")).status).toBe(200);
      await exchange.respond(200, {}, "answered");
      expect((await client.response()).text).toBe("answered");
      expect(await stage.proxy.child.ended()).toMatchObject({ code: 0 });
    },
  },
];

conformance("admin listener", {
  config: ([origin]) => ({
    upstreams: { main: origin },
    routes: [
      { upstream: "main", match: { path: "/tunnel" }, name: "tunnels", upgrade: ["example/1"] },
      { upstream: "main" },
    ],
    listen: { drain: { delay: "200ms", timeout: "5s" } },
    admin: { port: 0, hosts: ["admin.test"], token: "token-of-the-operators" },
  }),
  endsProxy: true,
  cases: cases.map((one) =>
    one.title.startsWith("readiness")
      ? {
          ...one,
          run: (stage) => {
            stage.origin.script(() => new Promise(() => {}));
            return one.run(stage);
          },
        }
      : one,
  ),
});
