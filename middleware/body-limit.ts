/** A request whose content is counted as it is read. */
import { ProxyError } from "../src/core/errors.ts";

export interface LimitedRequest {
  readonly request: Request;
  /** Whether more came than was allowed. Runtimes may wrap the error that the reader met; this they can't hide. */
  readonly exceeded: () => boolean;
}

/**
 * `request` with a body that fails with `body-too-large` once more than `maxBytes` went through. Nothing is buffered.
 */
export const limitBody = (request: Request, maxBytes: number): LimitedRequest => {
  const { body } = request;
  if (body === null) return { request, exceeded: () => false };
  let bytes = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) controller.error(new ProxyError("body-too-large"));
      else controller.enqueue(chunk);
    },
  });
  const init: RequestInit & { duplex: "half" } = { body: body.pipeThrough(counter), duplex: "half" };
  return { request: new Request(request, init), exceeded: () => bytes > maxBytes };
};
