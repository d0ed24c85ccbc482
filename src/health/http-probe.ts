/** Checks over HTTP, by the transport that requests take. */
import { type Body, type ByteSource, cancelBody } from "../core/body.ts";
import { CancellationSource } from "../core/cancellation.ts";
import { ProxyError, asProxyError } from "../core/errors.ts";
import { ownAttempt } from "../core/own-exchange.ts";
import type { Clock, Transport } from "../core/platform.ts";
import { type HttpReply, cancelReply } from "../core/reply.ts";
import type { Probe, ProbeResult } from "../core/probe.ts";

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
          cancellation,
        }),
      );
      if (reply.kind === "http") return await judge(reply, options);
      cancelReply(reply, new ProxyError("discarded"));
      return { passed: false, detail: "switched protocols" };
    } catch (thrown) {
      return { passed: false, detail: asProxyError(thrown).message };
    } finally {
      stop();
    }
  };

const judge = async (reply: HttpReply, options: HttpProbeOptions): Promise<ProbeResult> => {
  const { passes = isSuccess, bodyIncludes } = options;
  const detail = `status ${reply.status}`;
  if (!passes(reply.status)) {
    cancelBody(reply.body, new ProxyError("discarded"));
    return { passed: false, detail };
  }
  const text = await beginningOf(reply.body);
  return bodyIncludes === undefined || text.includes(bodyIncludes)
    ? { passed: true, detail }
    : { passed: false, detail: "unexpected content" };
};

/**
 * The first `MAX_BODY_BYTES` of a body. It is read to its end, so that its connection can be kept, and so that one which breaks
 * off fails the check; a longer one is cancelled there and counts as complete.
 */
const beginningOf = async (body: Body): Promise<string> => {
  const decoder = new TextDecoder();
  let text = "";
  let left = MAX_BODY_BYTES;
  /** Whether more is wanted. */
  const take = (bytes: Uint8Array): boolean => {
    text += decoder.decode(bytes.subarray(0, left), { stream: true });
    left -= bytes.byteLength;
    return left >= 0;
  };
  switch (body.kind) {
    case "none":
      break;
    case "bytes":
      take(body.bytes);
      break;
    case "native":
      for await (const piece of body.stream) if (!take(piece)) break;
      break;
    case "stream":
      await readWhile(body.source, take);
  }
  return text;
};

const readWhile = (source: ByteSource, take: (bytes: Uint8Array) => boolean): Promise<void> =>
  new Promise((resolve, reject) => {
    source.start({
      write(bytes) {
        if (take(bytes)) return true;
        source.cancel(new ProxyError("discarded"));
        resolve();
        return false;
      },
      end: () => resolve(),
      fail: reject,
    });
  });
