import { describe, expect, it } from "vitest";
import { debugApp } from "../../../handlers/debug.ts";
import { createGateway } from "../../../handlers/gateway.ts";
import { memoryPlatform } from "../../../runtimes/memory/mod.ts";
import { WORKERS_CAPABILITIES } from "../../../runtimes/workers/capabilities.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { type Diagnostics, DiagnosticsError } from "../../../src/core/diagnostics.ts";

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
    expect([response.status, await response.text()]).toEqual([501, `workers can't ${what}\n`]);
  });

  it.each([
    ["busy", 409],
    ["failed", 500],
    ["unsupported", 501],
  ] as const)("answers what is %s with %i and why", async (failure, status) => {
    const fails = (): Promise<never> => Promise.reject(new DiagnosticsError(failure, "why it is so"));
    const diagnostics: Diagnostics = {
      cpuProfile: fails,
      heapSnapshot: fails,
      loopDelay: fails,
      activeResources: () => ({}),
    };
    const platform = { ...memoryPlatform(), diagnostics };
    const audited: string[] = [];
    const app = debugApp({ platform, isOwnListener: true, audit: (_, message) => audited.push(message) });
    const response = await app.request("/profile?seconds=2.5", { method: "POST" });
    expect([response.status, await response.text()]).toEqual([status, "why it is so\n"]);
    expect(audited).toEqual(["CPU profile of 2.5 s"]);
  });
});
