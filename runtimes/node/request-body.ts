/** What undici is given as the content of a request. */
import type { Dispatcher } from "undici";
import type { Arrival } from "../../src/core/arrival.ts";
import type { Attempt } from "../../src/core/exchange.ts";
import { ProxyError } from "../../src/core/errors.ts";
import { sourceOf, watchedBody } from "../fetch/watched-body.ts";
import { NodeArrival } from "./arrival.ts";
import { nodeClock } from "./clock.ts";
import { Upload } from "./upload.ts";

export interface RequestBody {
  readonly body: Dispatcher.DispatchOptions["body"];
  /** Where it is read from Node's server piece by piece. */
  readonly upload: Upload | undefined;
}

/** Content up to this may come in one piece with its head. */
const SMALL_BYTES = 16 * 1024;

const NO_BODY: RequestBody = { body: null, upload: undefined };

/** Whether it is worth waiting for the next microtask: by then Node's parser is through with what it has read. */
export const mayComeWithHead = (arrival: Arrival): arrival is NodeArrival => {
  if (!(arrival instanceof NodeArrival) || !arrival.present) return false;
  const { length } = arrival;
  return length !== undefined && length <= SMALL_BYTES;
};

/** All of a small body if it is here already: it needs no timer, no listeners and no backpressure. */
export const wholeBody = ({ incoming, length }: NodeArrival): RequestBody | undefined => {
  if (incoming.readableDidRead || incoming.readableLength !== length) return undefined;
  const body = incoming.read() as Buffer | null;
  if (body === null) return undefined;
  // On to its end, which Node waits for.
  incoming.resume();
  return { body, upload: undefined };
};

/** The body as it comes. */
export const requestBody = ({ exchange, timeouts }: Attempt): RequestBody => {
  const { arrival, maxBodyBytes } = exchange;
  if (!arrival.body.present) return NO_BODY;
  if (arrival instanceof NodeArrival) {
    const upload = new Upload(arrival, { maxBytes: maxBodyBytes, idleMs: timeouts.idleMs });
    // undici asks for no more of a stream than `Upload` has.
    return { body: upload as unknown as Dispatcher.DispatchOptions["body"], upload };
  }
  const stream = arrival.body.stream();
  if (stream === null) return NO_BODY;
  const body = watchedBody(sourceOf(stream), {
    clock: nodeClock,
    idleMs: timeouts.idleMs,
    maxBytes: maxBodyBytes,
    stalled: () =>
      new ProxyError("request-timeout", { detail: `request body paused for ${timeouts.idleMs} ms` }),
    tooLong: () => new ProxyError("body-too-large", { detail: `more than ${maxBodyBytes} bytes` }),
    // The failure comes by the body itself.
    ended() {},
  });
  return { body: body as unknown as Dispatcher.DispatchOptions["body"], upload: undefined };
};
