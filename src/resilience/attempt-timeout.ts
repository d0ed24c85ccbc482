/** A limit on one attempt, from its beginning until the head of its response. */
import { CancellationSource } from "../core/cancellation.ts";
import { ProxyError } from "../core/errors.ts";
import type { Clock } from "../core/platform.ts";
import type { Layer } from "../core/service.ts";

/** Includes time in a queue, unlike the transport's own limits. An attempt over the limit is aborted. */
export const attemptTimeout =
  (ms: number, clock: Clock): Layer =>
  (next) =>
  async (exchange) => {
    const cancellation = new CancellationSource();
    // Stays linked after the head: the client may leave while the body is on its way.
    exchange.cancellation.subscribe((reason) => cancellation.cancel(reason));
    const stop = clock.after(ms, () => {
      const detail = `no response within ${ms} ms`;
      cancellation.cancel(new ProxyError("attempt-timeout", { detail, progress: "sent" }));
    });
    try {
      return await next({ ...exchange, cancellation });
    } finally {
      stop();
    }
  };
