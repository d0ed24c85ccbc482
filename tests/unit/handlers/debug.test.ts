import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import type { AdminEnv } from "../../../handlers/admin/admin-env.ts";
import { debugOperations } from "../../../handlers/admin/debug-operations.ts";
import { operationsApp } from "../../../handlers/admin/serve-operations.ts";
import type { Control } from "../../../handlers/control.ts";
import { createGateway } from "../../../handlers/gateway.ts";
import { memoryPlatform } from "../../../runtimes/memory/mod.ts";
import { WORKERS_CAPABILITIES } from "../../../runtimes/workers/capabilities.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { type Diagnostics, DiagnosticsError } from "../../../src/core/diagnostics.ts";
import type { LogEvent } from "../../../src/observe/event-log.ts";

const PATHS = [
  ["POST", "profile", "take CPU profiles"],
  ["POST", "heap", "take heap snapshots"],
  ["POST", "event-loop", "measure the delay of the event loop"],
  ["GET", "resources", "list what keeps the event loop alive"],
] as const;

describe("/debug where the runtime can't", () => {
  it.each(PATHS)("refuses %s %s with 501 that names it", async (method, path, what) => {
    const token = "0123456789abcdef";
    const config = parseConfig({ routes: [{ respond: {} }], admin: { path: "/ops", token } });
    const app = createGateway(config, {
      ...memoryPlatform(),
      name: "workers",
      capabilities: WORKERS_CAPABILITIES,
    });
    const headers = { authorization: `Bearer ${token}` };
    const response = await app.request(`http://example.com/ops/debug/${path}`, { method, headers });
    expect(response.status).toBe(501);
    expect(await response.json()).toMatchObject({ detail: `workers can't ${what}` });
  });
});

describe("/debug of the admin listener", () => {
  const asked: unknown[] = [];
  const events: LogEvent[] = [];

  const appWith = (diagnostics: Diagnostics | undefined): Hono<AdminEnv> => {
    const find = (thread: number | undefined): Diagnostics | undefined => {
      asked.push(thread);
      return diagnostics;
    };
    const operations = debugOperations({
      platform: { ...memoryPlatform(), diagnostics: find },
      isOwnListener: true,
      emit: (event) => events.push(event),
    });
    return new Hono<AdminEnv>()
      .use((c, next) => {
        c.set("actor", { peer: "127.0.0.1", token: "deploy" });
        return next();
      })
      .route("/", operationsApp(operations, {} as Control));
  };

  it.each([
    ["busy", 409],
    ["failed", 500],
    ["unsupported", 501],
  ] as const)("answers what is %s with %i and why, and leaves an audit line", async (failure, status) => {
    events.length = 0;
    const fails = (): Promise<never> => Promise.reject(new DiagnosticsError(failure, "why it is so"));
    const app = appWith({
      cpuProfile: fails,
      heapSnapshot: fails,
      loopDelay: fails,
      activeResources: fails,
    });
    const response = await app.request("/debug/profile?seconds=2.5", { method: "POST" });
    expect([response.status, ((await response.json()) as { detail: string }).detail]).toEqual([
      status,
      "why it is so",
    ]);
    expect(events).toMatchObject([
      { category: "audit", message: "CPU profile of 2.5 s", facts: { peer: "127.0.0.1", token: "deploy" } },
    ]);
  });

  it("looks into the thread that is asked for", async () => {
    const app = appWith(undefined);
    const response = await app.request("/debug/heap?thread=3", { method: "POST" });
    expect([response.status, asked.at(-1)]).toEqual([404, 3]);
  });
});
