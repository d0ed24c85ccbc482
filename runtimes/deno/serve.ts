/** A whole gateway on Deno. */
import { createGateway } from "../../handlers/gateway.ts";
import { problemResponse } from "../../middleware/error-boundary.ts";
import type { Config } from "../../src/config/types.ts";
import { ProxyError } from "../../src/core/errors.ts";
import { isContentless } from "../../src/http/status.ts";
import { drainWithin, tellsEnd } from "../fetch/drain.ts";
import { refuseUnsupported } from "../refuse.ts";
import { type ServeOptions, type Serving, listenError } from "../serving.ts";
import { type DenoServeInfo, type DenoServer, deno } from "./deno-types.ts";
import { Flights } from "./flights.ts";
import { platform } from "./platform.ts";

/**
 * Builds the gateway of `config` and listens. Resolves once connections are accepted. Installs no signal handlers.
 *
 * @throws ConfigError when the config asks for what Deno can't do.
 * @throws ServeError when the address can't be had.
 */
export const serve = async (config: Config, options: ServeOptions = {}): Promise<Serving> => {
  const { listen } = config;
  const lent = platform(options);
  refuseUnsupported(config, lent, options.explicit);
  const lifecycle = { draining: false };
  const app = createGateway(config, lent, { lifecycle });
  const address = { host: options.host ?? listen.host, port: options.port ?? listen.port };
  const abort = new AbortController();
  const answer = (request: Request, info: DenoServeInfo): Response | Promise<Response> =>
    request.method === "HEAD" ? lengthUntold(app.fetch(request, info)) : app.fetch(request, info);
  const told = tellsEnd(lifecycle);
  const flights = new Flights();
  const server = start(address, abort.signal, (request, info) => {
    const pending = flights.add(info, answer(request, info));
    return pending instanceof Promise ? pending.then(told) : told(pending);
  });
  let finishing: Promise<void> | undefined;
  const cut = (): void =>
    flights.cut(() =>
      problemResponse(new ProxyError("draining"), { requestId: undefined, accept: undefined }),
    );
  const stop = async (): Promise<{ cut: number }> => {
    lifecycle.draining = true;
    const open = flights.open;
    // Once told to shut down, Deno fails when it is told to stop.
    if (finishing === undefined) {
      abort.abort();
      await (finishing = server.finished);
    } else cut();
    await lent.transport.close();
    return { cut: open };
  };
  const drainable = {
    finish: () => (finishing ??= server.shutdown()),
    busy: () => flights.open,
    cut: async () => cut(),
  };
  let drained: Promise<{ cut: number }> | undefined;
  return {
    address: { host: address.host, port: server.addr.port },
    stop,
    drain() {
      lifecycle.draining = true;
      return (drained ??= drainWithin(drainable, listen.drain).then(async (count) => {
        await lent.transport.close();
        return { cut: count };
      }));
    },
  };
};

/**
 * Deno writes `Content-Length: 0` for a body that is missing, which says something wrong in an answer to HEAD. A stream,
 * if only an empty one, is of unknown length.
 */
const lengthUntold = async (pending: Response | Promise<Response>): Promise<Response> => {
  const response = await pending;
  if (response.headers.has("content-length") || isContentless(response.status)) return response;
  const nothing = new ReadableStream({
    start(controller) {
      controller.close();
    },
  });
  return new Response(nothing, { status: response.status, headers: response.headers });
};

const start = (
  address: { readonly host: string; readonly port: number },
  signal: AbortSignal,
  answer: (request: Request, info: DenoServeInfo) => Response | Promise<Response>,
): DenoServer => {
  try {
    return deno().serve(
      {
        port: address.port,
        hostname: address.host,
        signal,
        automaticCompression: false,
        onListen() {},
        // What comes here broke off after its head was sent or is a defect; either way nothing internal goes out.
        onError: () => new Response(null, { status: 500 }),
      },
      answer,
    );
  } catch (error) {
    throw listenError(error, address);
  }
};
