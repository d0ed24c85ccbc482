import { gzipSync } from "node:zlib";
import { buildSync } from "esbuild";
import { describe, expect, it } from "vitest";
import { ROOT } from "../../support/sources.ts";

/**
 * Of which re2js, for regular expressions in linear time, is 64 KiB, and balancing, health, breaker, retries, hedging and caps with
 * their settings are 28 KiB, metrics with OpenTelemetry's encoders 26 KiB, the admin API with its document and `explain` 22 KiB, logs
 * and traces 14 KiB, and the settings of listeners and their TLS 6 KiB.
 */
const MAX_GZIP_BYTES = 275 * 1024;

/** As `wrangler deploy` bundles it: not minified. */
const bundle = (entry: string): string => {
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*", "fairlead-config"],
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
};

describe("worker bundle", () => {
  const code = bundle("runtimes/workers/main.ts");

  it("stays under 275 KiB gzipped", () => {
    expect(gzipSync(code, { level: 9 }).byteLength).toBeLessThan(MAX_GZIP_BYTES);
  });

  it("holds nothing of Node", () => {
    expect(code).not.toMatch(/["']node:/);
    expect(code).not.toContain("undici");
  });
});
