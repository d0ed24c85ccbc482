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
  { name: "steady", latencyMs: 150, failEvery: 0, manner: "answers in 150 ms" },
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

/** Less than "steady" takes. */
const HASTE = "50ms";

/** The demo's config for origins in the order of `DEMO_ORIGINS`. */
const demoConfig = (urls: readonly string[], adminPort: number): ConfigInput => ({
  // Nothing is in front of the demo that would have to hear first that it stops.
  listen: { drain: { delay: "0s" } },
  admin: { port: adminPort },
  // Requests to /hasty/* fail, so that the dashboard has failures to show. Their lines would fill the terminal.
  log: { access: { requests: "none" } },
  upstreams: {
    demo: { endpoints: urls, balance: "round-robin" },
    swift: urls.slice(0, 1),
    steady: urls.slice(1, 2),
    moody: {
      endpoints: [{ url: urls[2] ?? "" }, { url: urls[0] ?? "", priority: 1 }],
      // A quarter of the requests: more than the 20 % of other upstreams.
      retry: { budget: { share: 0.5 } },
    },
  },
  routes: [
    {
      name: "swift only",
      match: { path: "/swift/*" },
      upstream: "swift",
      rewrite: { stripPrefix: true },
      responseHeaders: { set: { "x-demo-route": "swift only" } },
    },
    { name: "moody, with swift as its spare", match: { path: "/moody/*" }, upstream: "moody" },
    {
      name: "in haste",
      match: { path: "/hasty/*" },
      upstream: "steady",
      timeouts: { total: HASTE },
    },
    { name: "moved", match: { path: "/old" }, redirect: { status: 301, path: "/" } },
    { name: "all three in turn", upstream: "demo" },
  ],
});

const FIRST_LINES = 5;
/** Between two lines after the first ones. */
const LINE_EVERY_MS = 10_000;

/**
 * `demoLine` for the first few events, then for one every ten seconds that says how many came meanwhile: visitors make failures
 * without end. `now` is in milliseconds.
 */
export const demoLines = (demo: Demo, now: () => number): ((event: UpstreamEvent) => string | undefined) => {
  let lines = 0;
  let nextAt = 0;
  let unsaid = 0;
  return (event) => {
    const line = demoLine(demo, event);
    if (line === undefined) return undefined;
    if (lines >= FIRST_LINES && now() < nextAt) {
      unsaid += 1;
      return undefined;
    }
    const more = unsaid === 0 ? "" : ` (and ${unsaid} more since the line before)`;
    lines += 1;
    unsaid = 0;
    nextAt = now() + LINE_EVERY_MS;
    return `${line}${more}`;
  };
};

/** A line on how the proxy dealt with an origin's failure; undefined for events without a line. */
const demoLine = ({ origins }: Demo, event: UpstreamEvent): string | undefined => {
  if (event.kind === "mirrored" || event.kind === "hedged") return undefined;
  const named = origins.reduce(
    (text, { spec, url }) => text.replaceAll(url, spec.name),
    upstreamEventText(event),
  );
  return event.kind === "retried" ? `${named}, so the client never sees it` : named;
};

/** Where the dashboard is, so that a page that is open finds the next demo again. */
const DASHBOARD_PORT = 8081;

/** Any free one where that one is taken. */
export const freeDashboardPort = async (host: Host): Promise<number> => {
  const refusal = await host.reach({ host: "127.0.0.1", port: DASHBOARD_PORT });
  return refusal === undefined ? 0 : DASHBOARD_PORT;
};

/** Starts the origins. */
export const startDemo = async (host: Host, adminPort: number): Promise<Demo> => {
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
    config: demoConfig(
      origins.map(({ url }) => url),
      adminPort,
    ),
    close: async () => {
      await Promise.all(servers.map((server) => server.close()));
    },
  };
};
