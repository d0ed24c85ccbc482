/** Hono middleware in the middle of a route: the one layer for which Web objects are made, on every server alike. */
import { type Context, Hono, type MiddlewareHandler } from "hono";
import type { RequestIdVariables } from "hono/request-id";
import type { Arrival } from "../src/core/arrival.ts";
import { ProxyError, asProxyError } from "../src/core/errors.ts";
import type { ClientInfo, Exchange } from "../src/core/exchange.ts";
import { problemReply } from "../src/core/local-reply.ts";
import { type Reply, cancelTunnel } from "../src/core/reply.ts";
import type { Layer, Service } from "../src/core/service.ts";
import { normaliseTarget } from "../src/http/target.ts";
import { arrivals } from "../src/web/arrival.ts";
import { replyOf } from "../src/web/reply.ts";
import { type WebExchange, requestOf } from "../src/web/request.ts";
import { responseOf } from "../src/web/response.ts";

/** One exchange on its way through the app. */
interface Passage {
  readonly exchange: Exchange;
  readonly web: WebExchange;
  readonly next: Service;
  /** What the service behind replied, if it was asked, and the body of the response that was made of it. */
  reply: Reply | undefined;
  made: ReadableStream<Uint8Array> | undefined;
  failure: ProxyError | undefined;
}

const PASSAGE: unique symbol = Symbol("passage");

/** `c.env` of such middleware: the same on every server. */
export interface MiddlewareBindings {
  /** The client, as proxies that the config trusts report it. */
  readonly client: ClientInfo;
  /** Name of the route. */
  readonly route: string;
}

type PassageEnv = {
  Bindings: MiddlewareBindings & { readonly [PASSAGE]: Passage };
  Variables: RequestIdVariables;
};

/** An error that carries its own answer, such as Hono's `HTTPException`. */
const hasResponse = (thrown: unknown): thrown is { getResponse(): Response } =>
  typeof thrown === "object" && thrown !== null && "getResponse" in thrown;

/**
 * The layer of `middleware` (Hono middleware, the first one outermost). What is behind it is called when the last of them
 * calls `next()`. A request that middleware puts in place of `c.req.raw` is what goes on. What is thrown becomes a problem
 * answer, which middleware around it sees, and the exchange counts as failed. The request's id is in Hono's variable
 * `requestId`, the client in `c.env.client`.
 */
export const middlewareLayer = (middleware: readonly unknown[]): Layer => {
  const app = new Hono<PassageEnv>();
  app.use((c, next) => {
    c.set("requestId", c.env[PASSAGE].exchange.id);
    return next();
  });
  for (const handler of middleware) app.use(handler as MiddlewareHandler);
  app.all("*", goOn);
  app.onError((thrown, c) => answerTo(thrown, c.env[PASSAGE]));
  return (next) => async (exchange) => {
    const web = requestOf(exchange);
    const passage: Passage = {
      exchange,
      web,
      next,
      reply: undefined,
      made: undefined,
      failure: undefined,
    };
    let response: Response;
    try {
      response = await app.fetch(web.request, {
        client: exchange.client,
        route: exchange.route,
        [PASSAGE]: passage,
      });
    } catch (thrown) {
      // What is not an `Error` passes by `onError`.
      response = answerTo(thrown, passage);
    }
    exchange.trail.failure ??= passage.failure;
    return finalReply(response, passage);
  };
};

const goOn = async (c: Context<PassageEnv>): Promise<Response> => {
  const passage = c.env[PASSAGE];
  const reply = await passage.next(continued(c.req.raw, passage));
  passage.reply = reply;
  if (reply.kind === "tunnel") return tunnelResponse();
  const response = responseFor(reply, passage);
  passage.made = response.body ?? undefined;
  return response;
};

const answerTo = (thrown: unknown, passage: Passage): Response => {
  if (hasResponse(thrown)) return thrown.getResponse();
  const error = asProxyError(thrown);
  passage.failure = error;
  const { id, arrival, trace } = passage.exchange;
  return responseFor(problemReply(error, id, arrival.fields, trace?.traceId), passage);
};

const responseFor = (reply: Reply, { exchange }: Passage): Response =>
  responseOf(reply, { method: exchange.arrival.method, ended() {} });

/** Stands for a switch of protocols, which no `Response` can: middleware may look at it. */
const TUNNEL_STATUS = 204;

const tunnelResponse = (): Response => new Response(null, { status: TUNNEL_STATUS });

/** What goes on of the exchange: with the request that middleware put in place of the first, if it did. */
const continued = (raw: Request, { exchange, web }: Passage): Exchange => {
  if (raw === web.request && (web.isUntouched() || exchange.body.kind === "bytes")) return exchange;
  if (raw.bodyUsed) {
    throw new ProxyError("internal", { detail: "middleware read the request body and left nothing of it" });
  }
  const read = arrivals()(raw, undefined);
  const normal = normaliseTarget(read.target);
  if (!normal.ok) throw new ProxyError("bad-request", { detail: normal.reason });
  const { target, path, query } = normal;
  const arrival = new ReplacedArrival(exchange.arrival, read);
  return { ...exchange, arrival, body: read.body, target, path, query };
};

/** A request that middleware made, on the client's connection. */
class ReplacedArrival implements Arrival {
  readonly #original: Arrival;
  readonly method: string;
  readonly target: string;
  readonly fields: Arrival["fields"];
  readonly notes: Arrival["notes"];
  readonly body: Arrival["body"];
  readonly request: Request | undefined;
  readonly authority: undefined = undefined;
  readonly refusal: undefined = undefined;

  constructor(original: Arrival, read: Arrival) {
    this.#original = original;
    this.method = read.method;
    this.target = read.target;
    this.fields = read.fields;
    this.notes = read.notes;
    this.body = read.body;
    this.request = read.request;
  }

  get scheme(): Arrival["scheme"] {
    return this.#original.scheme;
  }
  get version(): string | undefined {
    return this.#original.version;
  }
  get peer(): Arrival["peer"] {
    return this.#original.peer;
  }
  get localPort(): number | undefined {
    return this.#original.localPort;
  }
  get tls(): Arrival["tls"] {
    return this.#original.tls;
  }
  get switchesTo(): Arrival["switchesTo"] {
    return this.#original.switchesTo;
  }
  get cancellation(): Arrival["cancellation"] {
    return this.#original.cancellation;
  }
  interim(status: number, fields: Arrival["fields"]): void {
    this.#original.interim(status, fields);
  }
}

/** What the response says, with the body of the reply behind it where middleware left that alone. */
const finalReply = (response: Response, { reply, made, exchange }: Passage): Reply => {
  if (reply?.kind === "tunnel") {
    if (response.status === TUNNEL_STATUS) return reply;
    cancelTunnel(
      reply.tunnel,
      new ProxyError("internal", { detail: "middleware answered in place of a switch of protocols" }),
    );
  }
  const final = replyOf(response, exchange.arrival.method);
  // A copy that was made meanwhile has taken the stream's place in the response.
  const isUntouched = final.body.kind === "native" && final.body.stream === made && !made.locked;
  return isUntouched && reply?.kind === "http" ? { ...final, body: reply.body } : final;
};
