/** The engine's client in front of an origin made of bare bytes, in time that only moves when told to. */
import { engineTransport } from "../../../../../runtimes/engine/client/transport.ts";
import type { Lookup } from "../../../../../runtimes/engine/client/dial.ts";
import { ManualClock } from "../../../../../runtimes/memory/clock.ts";
import { CancellationSource } from "../../../../../src/core/cancellation.ts";
import type { Endpoint } from "../../../../../src/core/endpoint.ts";
import { ProxyError } from "../../../../../src/core/errors.ts";
import type { Outcome } from "../../../../../src/core/outcome.ts";
import type { Transport } from "../../../../../src/core/platform.ts";
import type { HttpReply } from "../../../../../src/core/reply.ts";
import {
  type AttemptParts,
  type EndpointParts,
  testAttempt,
  testEndpoint,
} from "../../../../support/attempt.ts";
import { type OriginScript, RawOrigin } from "../../../../support/raw-origin.ts";

export type SendParts = Omit<Partial<AttemptParts>, "settle" | "cancellation">;

/** One attempt under way. */
export interface Sent {
  readonly reply: Promise<HttpReply>;
  readonly outcome: Promise<Outcome>;
  readonly client: CancellationSource;
}

export interface Rig {
  readonly origin: RawOrigin;
  readonly clock: ManualClock;
  readonly transport: Transport;
  readonly endpoint: Endpoint;
  send(parts?: SendParts): Sent;
  /** Sends and waits for the reply's head. */
  get(parts?: SendParts): Promise<HttpReply>;
  end(): Promise<void>;
}

export interface RigParts extends Partial<EndpointParts> {
  readonly script?: OriginScript;
  readonly lookup?: Lookup;
}

export const startRig = async ({ script, lookup, ...endpointParts }: RigParts = {}): Promise<Rig> => {
  const origin = await RawOrigin.start();
  if (script !== undefined) origin.script(script);
  const clock = new ManualClock();
  const transport = engineTransport({ clock, ...(lookup === undefined ? {} : { lookup }) });
  const endpoint = testEndpoint({ url: origin.url, ...endpointParts });
  const send = (parts: SendParts = {}): Sent => {
    const client = new CancellationSource();
    const settled = Promise.withResolvers<Outcome>();
    let outcomes = 0;
    const settle = (outcome: Outcome): void => {
      if (++outcomes > 1) throw new Error("an attempt was settled more than once");
      settled.resolve(outcome);
    };
    const reply = transport
      .send(testAttempt({ endpoint, ...parts, settle, cancellation: client }))
      .then((sent) => {
        if (sent.kind !== "http") throw new Error(`a reply of kind ${sent.kind}`);
        return sent;
      });
    reply.catch(() => {});
    return { reply, client, outcome: settled.promise };
  };
  return {
    origin,
    clock,
    transport,
    endpoint,
    send,
    get: (parts) => send(parts).reply,
    async end() {
      await origin.stop();
      await transport.close();
      if (origin.failures.length > 0) throw new AggregateError(origin.failures, "at the origin");
    },
  };
};

/** The code that `failing` rejects with. */
export const codeOf = (failing: Promise<unknown>): Promise<string> =>
  failing.then(
    () => "no failure",
    (error: unknown) => (error instanceof ProxyError ? error.code : `no ProxyError: ${String(error)}`),
  );

/** What `failing` rejects with. */
export const errorOf = (failing: Promise<unknown>): Promise<ProxyError> =>
  failing.then(
    () => {
      throw new Error("it did not fail");
    },
    (error: unknown) => error as ProxyError,
  );

/** A script that sends these bytes once the request's head is there, and closes behind them if asked to. */
export const says =
  (text: string, thenCloses = false): OriginScript =>
  async (exchange) => {
    await exchange.send(text);
    if (thenCloses) exchange.wire.finish();
  };
