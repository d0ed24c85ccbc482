/** /debug of the admin listener: CPU profile, heap snapshot, delay of the event loop, active resources. */
import { type Context, Hono } from "hono";
import { CAPABILITIES, type Capability } from "../src/core/capability.ts";
import { type Diagnostics, DiagnosticsError, type DiagnosticsFailure } from "../src/core/diagnostics.ts";
import { ProxyError } from "../src/core/errors.ts";
import type { Platform } from "../src/core/platform.ts";

export interface DebugParts {
  readonly platform: Pick<Platform, "name" | "capabilities" | "diagnostics" | "clock">;
  /** Whether only operators reach it. A heap holds keys and what clients have sent, so it never leaves beside the routes. */
  readonly isOwnListener: boolean;
  /** Told once of everything that was begun. */
  readonly audit: (c: Context, message: string) => void;
}

const DEFAULT_SECONDS = 10;
const MOST_SECONDS = 60;
const LEAST_SECONDS = 0.1;

/** What is served, and what the runtime must be able to do for it. */
interface Service {
  readonly path: string;
  readonly method: "GET" | "POST";
  readonly needs: Capability;
  /** Whether it measures for `?seconds`. */
  readonly isTimed: boolean;
  answer(c: Context, diagnostics: Diagnostics, seconds: number): Promise<Response>;
}

/** Paths below /debug. What the runtime can't do is a 501 that names it. */
export const debugApp = (parts: DebugParts): Hono => {
  const app = new Hono();
  for (const service of servicesOf(parts)) {
    app.all(service.path, (c) => respond(c, service, parts));
  }
  return app;
};

const servicesOf = ({ platform, audit }: DebugParts): readonly Service[] => [
  {
    path: "/profile",
    method: "POST",
    needs: "cpu-profile",
    isTimed: true,
    async answer(c, diagnostics, seconds) {
      audit(c, `CPU profile of ${seconds} s`);
      const profile = await diagnostics.cpuProfile(seconds * 1_000, c.req.raw.signal);
      return c.body(profile, 200, download("cpuprofile", platform));
    },
  },
  {
    path: "/heap",
    method: "POST",
    needs: "heap-snapshot",
    isTimed: false,
    async answer(c, diagnostics) {
      audit(c, "heap snapshot");
      const { bytes, stream } = await diagnostics.heapSnapshot();
      const fields = { ...download("heapsnapshot", platform), "content-length": `${bytes}` };
      return c.body(stream, 200, fields);
    },
  },
  {
    path: "/event-loop",
    method: "POST",
    needs: "event-loop-delay",
    isTimed: true,
    async answer(c, diagnostics, seconds) {
      audit(c, `measurement of the event loop for ${seconds} s`);
      return c.json(await diagnostics.loopDelay(seconds * 1_000, c.req.raw.signal));
    },
  },
  {
    path: "/resources",
    method: "GET",
    needs: "active-resources",
    isTimed: false,
    answer: async (c, diagnostics) => c.json(diagnostics.activeResources()),
  },
];

const respond = async (
  c: Context,
  service: Service,
  { platform, isOwnListener }: DebugParts,
): Promise<Response> => {
  const { method, needs, isTimed } = service;
  const { diagnostics } = platform;
  if (c.req.method !== method && !(method === "GET" && c.req.method === "HEAD")) {
    throw new ProxyError("method-not-allowed", { headers: { allow: method } });
  }
  if (diagnostics === undefined || !platform.capabilities.has(needs)) {
    return c.text(`${platform.name} can't ${CAPABILITIES[needs]}\n`, 501);
  }
  if (!isOwnListener) return c.text("only the admin listener (admin.port) offers this\n", 403);
  const seconds = secondsIn(c.req.queries(), isTimed);
  if (typeof seconds === "string") return c.text(`${seconds}\n`, 400);
  try {
    return await service.answer(c, diagnostics, seconds);
  } catch (error) {
    if (c.req.raw.signal.aborted) throw new ProxyError("client-closed", { cause: error });
    if (error instanceof DiagnosticsError) return c.text(`${error.message}\n`, STATUSES[error.failure]);
    throw error;
  }
};

const STATUSES: Readonly<Record<DiagnosticsFailure, 409 | 500 | 501>> = {
  busy: 409,
  failed: 500,
  unsupported: 501,
};

/** How long to measure, or what is wrong with the query. */
const secondsIn = (query: Readonly<Record<string, readonly string[]>>, isTimed: boolean): number | string => {
  const { seconds: given = [], ...others } = query;
  const [unknown = isTimed || given.length === 0 ? undefined : "seconds"] = Object.keys(others);
  if (unknown !== undefined) return `there is no parameter ${JSON.stringify(unknown)} here`;
  if (given.length === 0) return DEFAULT_SECONDS;
  const [text = ""] = given;
  const seconds = /^\d{1,2}(?:\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  return given.length === 1 && seconds >= LEAST_SECONDS && seconds <= MOST_SECONDS
    ? seconds
    : `seconds is a number from ${LEAST_SECONDS} to ${MOST_SECONDS}`;
};

const download = (extension: string, { clock }: DebugParts["platform"]): Record<string, string> => {
  const time = new Date(clock.epoch()).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  return {
    "content-type": "application/json",
    "content-disposition": `attachment; filename="fairlead-${time}.${extension}"`,
  };
};
