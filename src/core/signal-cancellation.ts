/** A cancellation that an `AbortSignal` fires. */
import { CancellationSource } from "./cancellation.ts";
import { ProxyError } from "./errors.ts";

/** Fires `client-closed` when `signal` aborts; at once if that already happened. */
export const cancelledBy = (signal: AbortSignal): CancellationSource => {
  const source = new CancellationSource();
  const fire = (): void =>
    source.cancel(new ProxyError("client-closed", { cause: signal.reason as unknown }));
  if (signal.aborted) fire();
  else signal.addEventListener("abort", fire, { once: true });
  return source;
};
