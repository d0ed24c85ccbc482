/** Checks over HTTP, by the transport that requests take. */
import { type Body, cancelBody } from "../core/body.ts";
import { CancellationSource } from "../core/cancellation.ts";
import { ProxyError, asProxyError } from "../core/errors.ts";
import { ownAttempt } from "../core/own-exchange.ts";
import type { Clock, Transport } from "../core/platform.ts";
import { readBody } from "../core/read-body.ts";
import type { HttpReply } from "../core/reply.ts";
import type { Probe, ProbeResult } from "./health-checker.ts";

export interface HttpProbeOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Path and query. */
  readonly target: string;
  /** Value of `Host`. @default the endpoint's authority */
  readonly host?: string | undefined;
  /** @default 2xx */
  readonly passes?: ((status: number) => boolean) | undefined;
  /** Text that the first 64 KiB of the body must hold. @default none */
  readonly bodyIncludes?: string | undefined;
}

const MAX_BODY_BYTES = 64 * 1024;
const isSuccess = (status: number): boolean => status >= 200 && status < 300;
const FIELDS = ["user-agent", "fairlead-health-check", "accept", "*/*"];

/** One GET on a connection of its own or a kept one. Redirects are answers like others; they are not followed. */
export const httpProbe =
  (options: HttpProbeOptions): Probe =>
  async (endpoint, timeoutMs) => {
    const { transport, clock, target, host } = options;
    const cancellation = new CancellationSource();
    const stop = clock.after(timeoutMs, () => {
      cancellation.cancel(new ProxyError("attempt-timeout", { detail: `no answer within ${timeoutMs} ms` }));
    });
    try {
      const reply = await transport.send(
        ownAttempt({
          endpoint,
          method: "GET",
          target,
          fields: FIELDS,
          host,
          timeouts: NO_LIMITS,
          cancellation,
        }),
      );
      if (reply.kind === "http") return await judge(reply, options);
      reply.tunnel.fromUpstream.cancel(new ProxyError("discarded"));
      return { passed: false, detail: "switched protocols" };
    } catch (thrown) {
      return { passed: false, detail: asProxyError(thrown).message };
    } finally {
      stop();
    }
  };

/** The probe's own limit covers all of it. */
const NO_LIMITS = Object.freeze({ connectMs: 0, firstByteMs: 0, idleMs: 0, eventStreamIdleMs: 0 });

const judge = async (reply: HttpReply, options: HttpProbeOptions): Promise<ProbeResult> => {
  const { passes = isSuccess, bodyIncludes } = options;
  const detail = `status ${reply.status}`;
  if (!passes(reply.status) || bodyIncludes === undefined) {
    await release(reply.body);
    return { passed: passes(reply.status), detail };
  }
  const text = new TextDecoder().decode(await readBody(reply.body, MAX_BODY_BYTES));
  return text.includes(bodyIncludes)
    ? { passed: true, detail }
    : { passed: false, detail: "unexpected content" };
};

/** Read to its end, so that the connection can be kept; a long one is not worth that. */
const release = async (body: Body): Promise<void> => {
  if (body.kind !== "native") {
    await readBody(body, MAX_BODY_BYTES).catch(() => {});
    return;
  }
  cancelBody(body, new ProxyError("discarded"));
};
