/** What runs when nothing is configured: three small origins, and a config for a proxy in front of them. */
import type { ConfigInput } from "../src/config/types.ts";
import { upstreamEventText } from "../src/observe/upstream-event-text.ts";
import type { UpstreamEvent } from "../src/core/telemetry.ts";
import type { DemoRequest, DemoResponse, DemoServer, Host } from "./host.ts";

/** How one demo origin behaves. */
interface OriginSpec {
  readonly name: string;
  readonly latencyMs: number;
  /** Every how many-th request fails with 503; 0 is never. */
  readonly failEvery: number;
  /** The same for people. */
  readonly manner: string;
}

const DEMO_ORIGINS: readonly OriginSpec[] = [
  { name: "swift", latencyMs: 5, failEvery: 0, manner: "answers in 5 ms" },
  { name: "steady", latencyMs: 80, failEvery: 0, manner: "answers in 80 ms" },
  { name: "moody", latencyMs: 30, failEvery: 4, manner: "answers in 30 ms, every fourth time with a 503" },
];

/** A demo origin that listens. */
interface DemoOrigin {
  readonly spec: OriginSpec;
  readonly url: string;
}

export interface Demo {
  readonly origins: readonly DemoOrigin[];
  readonly config: ConfigInput;
  close(): Promise<void>;
}

/** Answers as `spec` says, with what it was asked as JSON. `wait` resolves after that many milliseconds. */
const demoAnswer = (
  spec: OriginSpec,
  wait: (ms: number) => Promise<void>,
): ((request: DemoRequest) => Promise<DemoResponse>) => {
  let served = 0;
  return async (request) => {
    served += 1;
    const fails = spec.failEvery > 0 && served % spec.failEvery === 0;
    await wait(spec.latencyMs);
    const body = fails
      ? { origin: spec.name, failed: true }
      : {
          origin: spec.name,
          method: request.method,
          target: request.target,
          headers: request.fields,
        };
    return {
      status: fails ? 503 : 200,
      fields: { "content-type": "application/json" },
      body: `${JSON.stringify(body, null, 2)}\n`,
    };
  };
};

/** The demo's config for origins in the order of `DEMO_ORIGINS`. */
const demoConfig = (urls: readonly string[]): ConfigInput => ({
  upstreams: { demo: { endpoints: urls, balance: "round-robin" }, swift: urls.slice(0, 1) },
  routes: [
    {
      name: "swift only",
      match: { path: "/swift/*" },
      upstream: "swift",
      rewrite: { stripPrefix: true },
      responseHeaders: { set: { "x-demo-route": "swift only" } },
    },
    { name: "moved", match: { path: "/old" }, redirect: { status: 301, path: "/" } },
    { name: "all three in turn", upstream: "demo" },
  ],
});

/** A line on how the proxy dealt with an origin's failure; undefined for events without a line. */
export const demoLine = ({ origins }: Demo, event: UpstreamEvent): string | undefined => {
  if (event.kind === "mirrored" || event.kind === "hedged") return undefined;
  const named = origins.reduce(
    (text, { spec, url }) => text.replaceAll(url, spec.name),
    upstreamEventText(event),
  );
  return event.kind === "retried" ? `${named}, so the client never sees it` : named;
};

/** Starts the origins. */
export const startDemo = async (host: Host): Promise<Demo> => {
  const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const servers: DemoServer[] = [];
  const origins: DemoOrigin[] = [];
  for (const spec of DEMO_ORIGINS) {
    const server = await host.serveDemo(demoAnswer(spec, wait));
    servers.push(server);
    origins.push({ spec, url: `http://127.0.0.1:${server.port}` });
  }
  return {
    origins,
    config: demoConfig(origins.map(({ url }) => url)),
    close: async () => {
      await Promise.all(servers.map((server) => server.close()));
    },
  };
};
