/** Scripted services, for tests of layers. */
import { NO_BODY } from "../../src/core/body.ts";
import { ProxyError, type ErrorCode } from "../../src/core/errors.ts";
import type { Exchange } from "../../src/core/exchange.ts";
import type { Outcome, Progress } from "../../src/core/outcome.ts";
import type { HttpReply, Reply } from "../../src/core/reply.ts";
import type { Service } from "../../src/core/service.ts";

export const reply = (
  status: number,
  fields: readonly string[] = [],
  body = NO_BODY as HttpReply["body"],
): HttpReply => ({
  kind: "http",
  status,
  fields,
  body,
});

/** A failure as a transport reports it. */
export const failure = (code: ErrorCode, progress: Progress): ProxyError =>
  new ProxyError(code, { progress });

export interface ScriptedService {
  readonly service: Service;
  /** The exchanges it was called with. */
  readonly calls: Exchange[];
}

/** Answers its calls one after the other; the last step repeats. */
export const scripted = (
  ...steps: readonly (Reply | ProxyError | ((exchange: Exchange) => Promise<Reply>))[]
): ScriptedService => {
  const calls: Exchange[] = [];
  return {
    calls,
    service: async (exchange) => {
      const step = steps[Math.min(calls.length, steps.length - 1)];
      calls.push(exchange);
      if (step instanceof ProxyError) throw step;
      if (step === undefined) throw new Error("no step");
      return typeof step === "function" ? step(exchange) : step;
    },
  };
};

export const outcome = (
  parts: Partial<Outcome> & { readonly startedAt?: number; readonly headAt?: number } = {},
): Outcome => {
  const { startedAt = 0, headAt = 1, ...more } = parts;
  return {
    ending: "complete",
    progress: "done",
    status: 200,
    error: undefined,
    bytesSent: 0,
    bytesReceived: 0,
    reused: false,
    times: { startedAt, connectedAt: startedAt, headAt, endedAt: headAt },
    ...more,
  };
};
