/** Calls that look into the process: CPU profile, heap snapshot, delay of the event loop, active resources. */
import { leaf } from "../../src/config/schema/leaf.ts";
import { defaulted, object, optional } from "../../src/config/schema/object.ts";
import { type JsonSchema, REFUSED, type Schema } from "../../src/config/schema/schema.ts";
import { CAPABILITIES, type Capability } from "../../src/core/capability.ts";
import { type Diagnostics, DiagnosticsError, type DiagnosticsFailure } from "../../src/core/diagnostics.ts";
import { ProxyError } from "../../src/core/errors.ts";
import type { Platform } from "../../src/core/platform.ts";
import type { LogEvent } from "../../src/observe/event-log.ts";
import { schemaRef } from "./answer-schemas.ts";
import { type Call, type Operation, get, post } from "./operation.ts";
import { wholeNumber } from "./plain-schemas.ts";
import { refusal } from "./refusal.ts";

export interface DebugParts {
  readonly platform: Pick<Platform, "name" | "capabilities" | "diagnostics" | "clock">;
  /** Whether only operators reach it. A heap holds keys and what clients have sent, so it never leaves beside the routes. */
  readonly isOwnListener: boolean;
  readonly emit: (event: LogEvent) => void;
}

const DEFAULT_SECONDS = 10;
const MOST_SECONDS = 60;
const LEAST_SECONDS = 0.1;
const MOST_THREADS = 1_024;

interface ThreadQuery {
  readonly thread?: number | undefined;
}

interface TimedQuery extends ThreadQuery {
  readonly seconds: number;
}

const thread = optional(
  wholeNumber(0, MOST_THREADS),
  "Which thread, by its number in the state; 0 is the one that starts the others. The first that answers requests unless set.",
);

/** Text, as a query has it. */
const seconds: Schema<number> = {
  ...leaf(`a number from ${LEAST_SECONDS} to ${MOST_SECONDS}`, {
    scalars: ["string", "number"],
    read(given: string | number) {
      const value = /^\d{1,2}(?:\.\d{1,3})?$/.test(String(given)) ? Number(given) : Number.NaN;
      return value >= LEAST_SECONDS && value <= MOST_SECONDS ? value : REFUSED;
    },
  }),
  json: { type: "number", minimum: LEAST_SECONDS, maximum: MOST_SECONDS },
};

const threadQuery: Schema<ThreadQuery> = object("", { thread });
const timedQuery: Schema<TimedQuery> = object("", {
  seconds: defaulted(seconds, DEFAULT_SECONDS, "For how long."),
  thread,
});

const PROBLEMS: Readonly<Record<number, JsonSchema>> = Object.fromEntries(
  [400, 403, 404, 409, 500, 501].map((status) => [status, schemaRef("Problem")]),
);
const COUNTS: JsonSchema = { type: "object", additionalProperties: { type: "integer", minimum: 0 } };
const DELAYS: JsonSchema = {
  type: "object",
  description: "Delays in milliseconds; `cpu` is the share of one core that the process used.",
  properties: Object.fromEntries(
    ["seconds", "samples", "mean", "p50", "p90", "p99", "max", "cpu"].map((key) => [key, { type: "number" }]),
  ),
};

/** What the runtime can't do is a 501 that names it. */
export const debugOperations = (parts: DebugParts): readonly Operation[] => [
  post<undefined, TimedQuery>({
    path: "/debug/profile",
    id: "takeCpuProfile",
    about: "A CPU profile as a .cpuprofile file, which Chrome's DevTools open. One measurement at a time.",
    query: timedQuery,
    answers: { 200: { type: "object" }, ...PROBLEMS },
    run: (call) =>
      diagnosed(
        call,
        parts,
        { needs: "cpu-profile", begun: `CPU profile of ${call.query.seconds} s` },
        async (own) =>
          call.c.body(
            await own.cpuProfile(call.query.seconds * 1_000, call.c.req.raw.signal),
            200,
            download("cpuprofile", parts),
          ),
      ),
  }),
  post<undefined, ThreadQuery>({
    path: "/debug/heap",
    id: "takeHeapSnapshot",
    about: "The heap as a .heapsnapshot file. Nothing else runs while it is taken.",
    query: threadQuery,
    answers: { 200: { type: "object" }, ...PROBLEMS },
    run: (call) =>
      diagnosed(call, parts, { needs: "heap-snapshot", begun: "heap snapshot" }, async (own) => {
        const { bytes, stream } = await own.heapSnapshot();
        return call.c.body(stream, 200, { ...download("heapsnapshot", parts), "content-length": `${bytes}` });
      }),
  }),
  post<undefined, TimedQuery>({
    path: "/debug/event-loop",
    id: "measureEventLoop",
    about: "How late timers fire.",
    query: timedQuery,
    answers: { 200: DELAYS, ...PROBLEMS },
    run: (call) => {
      const begun = `measurement of the event loop for ${call.query.seconds} s`;
      return diagnosed(call, parts, { needs: "event-loop-delay", begun }, async (own) =>
        call.c.json(await own.loopDelay(call.query.seconds * 1_000, call.c.req.raw.signal)),
      );
    },
  }),
  get<undefined, ThreadQuery>({
    path: "/debug/resources",
    id: "getActiveResources",
    about: "What keeps the event loop alive now, counted by the runtime's names: sockets, servers, timers.",
    query: threadQuery,
    answers: { 200: COUNTS, ...PROBLEMS },
    run: (call) =>
      diagnosed(call, parts, { needs: "active-resources" }, async (own) =>
        call.c.json(await own.activeResources()),
      ),
  }),
];

interface Task {
  readonly needs: Capability;
  /** What the audit line says; undefined for what costs nothing. */
  readonly begun?: string;
}

const diagnosed = async (
  { c, actor, query }: Call<unknown, ThreadQuery>,
  { platform, isOwnListener, emit }: DebugParts,
  { needs, begun }: Task,
  work: (diagnostics: Diagnostics) => Promise<Response>,
): Promise<Response> => {
  const { diagnostics: find } = platform;
  if (find === undefined || !platform.capabilities.has(needs)) {
    return refusal(c, 501, `${platform.name} can't ${CAPABILITIES[needs]}`);
  }
  if (!isOwnListener) return refusal(c, 403, "only the admin listener (admin.port) offers this");
  const diagnostics = find(query.thread);
  if (diagnostics === undefined) return refusal(c, 404, `there is no thread ${query.thread ?? 0}`);
  if (begun !== undefined) {
    const facts = { peer: actor.peer, token: actor.token, thread: query.thread, result: "begun" };
    emit({ category: "audit", level: "info", message: begun, facts });
  }
  try {
    return await work(diagnostics);
  } catch (error) {
    if (c.req.raw.signal.aborted) throw new ProxyError("client-closed", { cause: error });
    if (error instanceof DiagnosticsError) return refusal(c, STATUSES[error.failure], error.message);
    throw error;
  }
};

const STATUSES: Readonly<Record<DiagnosticsFailure, 409 | 500 | 501>> = {
  busy: 409,
  failed: 500,
  unsupported: 501,
};

const download = (extension: string, { platform: { clock } }: DebugParts): Record<string, string> => {
  const time = new Date(clock.epoch()).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  return {
    "content-type": "application/json",
    "content-disposition": `attachment; filename="fairlead-${time}.${extension}"`,
  };
};
