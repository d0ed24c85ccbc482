/** What undici is given as the content of a request. */
import type { Dispatcher } from "undici";
import type { Arrival } from "../../src/core/arrival.ts";
import type { Attempt } from "../../src/core/exchange.ts";
import { ProxyError } from "../../src/core/errors.ts";
import { brokenUpload } from "../fetch/upload.ts";
import { type BodySource, sourceOf, watchedBody } from "../fetch/watched-body.ts";
import { NodeArrival } from "./arrival.ts";
import { nodeClock } from "./clock.ts";
import { Upload, type UploadLimits } from "./upload.ts";

export interface RequestBody {
  readonly body: Dispatcher.DispatchOptions["body"];
  /** Where it comes piece by piece. */
  readonly content: Content | undefined;
  /** The same where it is read from Node's server. */
  readonly upload: Upload | undefined;
}

/** Content on its way. */
export interface Content {
  /** Called once, when undici has been given all of it. */
  whenComplete: () => void;
  /** Called once, when no more of it will come: undici would hear of that only as it asks for more. */
  whenFailed?: (error: unknown) => void;
}

/** Content up to this may come in one piece with its head. */
const SMALL_BYTES = 16 * 1024;

const NO_BODY: RequestBody = { body: null, content: undefined, upload: undefined };

/** Whether it is worth waiting for the next microtask: by then Node's parser is through with what it has read. */
export const mayComeWithHead = (arrival: Arrival): arrival is NodeArrival => {
  if (!(arrival instanceof NodeArrival) || !arrival.present) return false;
  const { length } = arrival;
  return length !== undefined && length <= SMALL_BYTES;
};

/** All of a small body if it is here already: it needs no timer, no listeners and no backpressure. */
export const wholeBody = ({ incoming, isUnread, length }: NodeArrival): RequestBody | undefined => {
  if (!isUnread || incoming.readableLength !== length) return undefined;
  const body = incoming.read() as Buffer | null;
  if (body === null) return undefined;
  // On to its end, which Node waits for.
  incoming.resume();
  return { body, content: undefined, upload: undefined };
};

/** The body as it comes. */
export const requestBody = ({ exchange, timeouts }: Attempt): RequestBody => {
  const { arrival, maxBodyBytes } = exchange;
  if (!arrival.body.present) return NO_BODY;
  const limits = { maxBytes: maxBodyBytes, idleMs: timeouts.idleMs };
  if (arrival instanceof NodeArrival && arrival.isUnread) {
    const upload = new Upload(arrival, limits);
    return { body: asBody(upload), content: upload, upload };
  }
  const stream = arrival.body.stream();
  if (stream === null) return NO_BODY;
  const content: Content = { whenComplete() {} };
  return { body: asBody(watched(stream, limits, content)), content, upload: undefined };
};

/** undici asks for no more of a stream than `Upload` has, and takes whatever can be iterated. */
const asBody = (body: Upload | ReadableStream<Uint8Array>): RequestBody["body"] =>
  body as unknown as RequestBody["body"];

/** A body that the app made, or looked into. */
const watched = (
  stream: ReadableStream<Uint8Array>,
  { maxBytes, idleMs }: UploadLimits,
  content: Content,
): ReadableStream<Uint8Array> => {
  const source = sourceOf(stream);
  const read: BodySource["read"] = () =>
    source.read().catch((error: unknown) => {
      throw brokenUpload(error);
    });
  return watchedBody(
    { ...source, read },
    {
      clock: nodeClock,
      idleMs,
      maxBytes,
      stalled: () => new ProxyError("request-timeout", { detail: `request body paused for ${idleMs} ms` }),
      unread: () =>
        new ProxyError("attempt-timeout", {
          detail: `upstream stopped reading the request body for ${idleMs} ms`,
        }),
      tooLong: () => new ProxyError("body-too-large", { detail: `more than ${maxBytes} bytes` }),
      ended(error) {
        if (error === undefined) content.whenComplete();
        else content.whenFailed?.(error);
      },
      declined: () => content.whenComplete(),
    },
  );
};
