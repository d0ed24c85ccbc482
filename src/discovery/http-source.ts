/** Endpoints that a server lists. */
import { cancelBody } from "../core/body.ts";
import { CancellationSource } from "../core/cancellation.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { ProxyError } from "../core/errors.ts";
import { ownAttempt } from "../core/own-exchange.ts";
import type { Clock, Random, Transport } from "../core/platform.ts";
import { readBody } from "../core/read-body.ts";
import type { HttpReply } from "../core/reply.ts";
import { firstValue } from "../http/headers.ts";
import { readEndpointList } from "./endpoint-list.ts";
import type { EndpointSource, SourceUpdate } from "../core/endpoint-source.ts";
import { type PollAnswer, Poller } from "./poller.ts";

export interface HttpSourceOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly transport: Transport;
  /** The server that is asked. */
  readonly endpoint: Endpoint;
  /** Path and query of the list. */
  readonly target: string;
  /** Name, value, …, e.g. credentials. @default none */
  readonly fields?: readonly string[] | undefined;
  /** @default 10000 */
  readonly intervalMs?: number;
}

const DEFAULT_INTERVAL_MS = 10_000;
const LIMIT_MS = 5_000;
const MAX_BYTES = 4 * 1024 * 1024;
const CONNECT_MS = 3_000;

/** Asks with `If-None-Match`, so that an unchanged list costs no more than a head. */
export const httpSource = (options: HttpSourceOptions): EndpointSource => {
  const { clock, random, endpoint, target } = options;
  let last: Answer | undefined;
  const ask = async (): Promise<PollAnswer> => {
    last = await askOnce(options, last);
    return { update: last.update, nextMs: options.intervalMs ?? DEFAULT_INTERVAL_MS };
  };
  const poller = new Poller({ clock, random, ask });
  return {
    name: `the list at ${endpoint.origin}${target}`,
    start: (listener) => poller.start(listener),
    stop: () => poller.stop(),
  };
};

interface Answer {
  readonly update: SourceUpdate;
  readonly etag: string | undefined;
}

const askOnce = async (options: HttpSourceOptions, last: Answer | undefined): Promise<Answer> => {
  const { clock, transport, endpoint, target, fields = [] } = options;
  const cancellation = new CancellationSource();
  const stop = clock.after(LIMIT_MS, () => {
    cancellation.cancel(new ProxyError("attempt-timeout", { detail: `no list within ${LIMIT_MS} ms` }));
  });
  const condition = last?.etag === undefined ? [] : ["if-none-match", last.etag];
  const asked = ["accept", "application/json", ...condition, ...fields];
  try {
    const reply = await transport.send(
      ownAttempt({ endpoint, method: "GET", target, fields: asked, connectMs: CONNECT_MS, cancellation }),
    );
    if (reply.kind !== "http") throw new TypeError("the server switched protocols");
    return await read(reply, last);
  } finally {
    stop();
  }
};

/** An unchanged list (304) is reported again, so that an earlier failure counts as over. */
const read = async (reply: HttpReply, last: Answer | undefined): Promise<Answer> => {
  if (reply.status === 200) {
    const text = new TextDecoder().decode(await readBody(reply.body, MAX_BYTES));
    const endpoints = readEndpointList(text);
    return { update: { kind: "found", endpoints }, etag: firstValue(reply.fields, "etag") };
  }
  cancelBody(reply.body, new ProxyError("discarded"));
  if (reply.status === 304 && last?.etag !== undefined) return last;
  throw new TypeError(`the server answered with status ${reply.status}`);
};
