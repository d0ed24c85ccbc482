/** A gateway as a Worker. */
import { answerRequest } from "../../handlers/answer.ts";
import { observedGateway } from "../../handlers/observed-gateway.ts";
import { readConfig } from "../../src/config/parse.ts";
import { explicitPaths } from "../../src/config/tree.ts";
import type { FailureOptions } from "../../src/observe/failure-options.ts";
import { refuseUnsupported } from "../refuse.ts";
import { platform } from "./platform.ts";

/** What a module exports as default to be a Worker. */
export interface WorkerModule {
  fetch(request: Request, env: unknown, context: WorkerContext): Response | Promise<Response>;
  /** Runs the health checks and pushes that are due: for a cron trigger. */
  scheduled(event: unknown, env: unknown, context: WorkerContext): void;
}

/** The little of a Worker's execution context that is used here. */
export interface WorkerContext {
  waitUntil(work: Promise<unknown>): void;
  passThroughOnException(): void;
}

/** Bindings that are text, by name. */
const textOf = (env: object): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );

/**
 * A Worker that serves `config`. The gateway is built at once, so that a wrong config fails the upload and not the first
 * request; `env` is what `${env:NAME}` is looked up in.
 *
 * @example
 * ```ts
 * import { env } from "cloudflare:workers";
 * import { worker } from "fairlead/workers";
 *
 * export default worker({ upstreams: { site: "${env:SITE}" } }, env);
 * ```
 *
 * @throws ConfigError with everything that is wrong with `config`, or that Workers can't do.
 */
export const worker = (config: unknown, env: object = {}, options: FailureOptions = {}): WorkerModule => {
  const own = platform(options);
  const { config: parsed, ...shown } = readConfig(config, { env: textOf(env) });
  refuseUnsupported(parsed, own, explicitPaths(config));
  const gateway = observedGateway(parsed, own, { shown });
  return {
    fetch: (request, bindings, context) =>
      answerRequest(request, { env: bindings, context, gateway, platform: own }),
    scheduled: (_event, _bindings, context) => context.waitUntil(gateway.upkeep.runDue()),
  };
};
