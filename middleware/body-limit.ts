/** A request whose content is counted as it is read. */
import { ProxyError } from "../src/core/errors.ts";

/**
 * `request` with a body that fails with `body-too-large` once more than `maxBytes` went through. Nothing is buffered.
 */
export const limitBody = (request: Request, maxBytes: number): Request => {
  if (request.body === null) return request;
  let bytes = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) controller.error(new ProxyError("body-too-large"));
      else controller.enqueue(chunk);
    },
  });
  const init: RequestInit & { duplex: "half" } = { body: request.body.pipeThrough(counter), duplex: "half" };
  return new Request(request, init);
};
