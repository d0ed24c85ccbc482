/** Sends a request through the real gateway, with a transport that records instead of sending. */
import { createGateway } from "../handlers/gateway.ts";
import { ManualClock, seededRandom } from "../runtimes/memory/mod.ts";
import { type Plan, buildPlan } from "../src/config/plan.ts";
import type { Config } from "../src/config/types.ts";
import { CAPABILITIES, type Capability } from "../src/core/capability.ts";
import type { ArrivedBody, Arrival, RequestHead } from "../src/core/arrival.ts";
import { NEVER_CANCELLED } from "../src/core/cancellation.ts";
import type { Attempt } from "../src/core/exchange.ts";
import type { FailureReport, Platform } from "../src/core/platform.ts";
import { declaredLength, declaresContent } from "../src/http/framing.ts";
import { editHeaders } from "../src/http/header-edits.ts";
import { type Screened, screen } from "../src/http/screen.ts";
import { clientOf, routable } from "../src/routable.ts";
import { type Asked, type RouteChoice, chooseRoute } from "../src/route-choice.ts";
import type { RoutableRequest } from "../src/routing/router.ts";

/** What became of the request. */
export interface Trace {
  readonly head: RequestHead;
  readonly plan: Plan;
  /** It asks for `listen.readyPath`, which comes before all routes. */
  readonly readyPage: boolean;
  /** Undefined where the request is refused before routing. */
  readonly screened: Screened | undefined;
  /** What it is routed by; undefined where it is refused before. */
  readonly routable: RoutableRequest | undefined;
  /** The route that it gets; undefined where it is refused before. */
  readonly choice: RouteChoice | undefined;
  /** What would be sent; undefined where nothing would. */
  readonly attempt: Attempt | undefined;
  readonly failure: FailureReport | undefined;
  /** The proxy's own answer, or an upstream's bare 200 with the proxy's edits on it. */
  readonly response: Response;
}

/** Traces the request `head` from the client at `address`. */
export const traceRequest = async (config: Config, head: RequestHead, address: string): Promise<Trace> => {
  let attempt: Attempt | undefined;
  let failure: FailureReport | undefined;
  let arrived = false;
  const arrival: Omit<Arrival, "request"> = {
    head,
    body: announcedBody(head),
    peer: { address, port: undefined },
    cancellation: NEVER_CANCELLED,
  };
  const random = seededRandom();
  const platform: Platform = {
    name: "explain",
    capabilities: new Set(Object.keys(CAPABILITIES) as Capability[]),
    clock: new ManualClock(),
    random,
    transport: {
      send: async (sent) => {
        attempt = sent;
        const headers = new Headers();
        editHeaders(headers, sent.responseEdits);
        return new Response(null, { headers });
      },
      close: async () => {},
    },
    telemetry: {
      failed: (report) => {
        failure = report;
      },
    },
    arrive: (request) => {
      arrived = true;
      return { ...arrival, request };
    },
  };
  const response = await createGateway(config, platform).request(carrier(head));
  const plan = buildPlan(config, random);
  const found = screen(head, { ...config.listen.limits, ...config.validation });
  const screened = "code" in found ? undefined : found;
  const asked =
    screened === undefined || isRefusedUnrouted(failure) ? undefined : askedOf(plan, arrival, screened);
  return {
    head,
    plan,
    readyPage: !arrived,
    screened,
    routable: asked?.request,
    choice: asked && chooseRoute(plan, asked),
    attempt,
    failure,
    response,
  };
};

const askedOf = (plan: Plan, arrival: Omit<Arrival, "request">, screened: Screened): Asked => {
  const client = clientOf(plan, arrival, screened);
  const request = routable(arrival.head, screened, client);
  return { id: "", client, request, encodedSlash: screened.encodedSlash };
};

/** By what is looked at between the framing and the routes. */
const isRefusedUnrouted = (failure: FailureReport | undefined): boolean =>
  failure !== undefined && ["host-not-allowed", "unsupported-media-type"].includes(failure.error.code);

/** The content that `head` says would follow, all of it empty. */
const announcedBody = ({ pairs }: RequestHead): ArrivedBody => {
  const present = declaresContent(pairs);
  return { present, length: declaredLength(pairs), stream: () => (present ? new Response("").body : null) };
};

/** Hono routes on this; what the gateway reads is `head`. */
const carrier = ({ target, method }: RequestHead): Request => {
  const url = new URL("http://localhost");
  const [path = "/"] = target.split("?", 1);
  url.pathname = path;
  // CONNECT and TRACE have no Request; the gateway refuses them by the head.
  return new Request(url, { method: /^(CONNECT|TRACE|TRACK)$/i.test(method) ? "GET" : method });
};
