/** What a server sends when it stops. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ManualClock } from "../../../../runtimes/memory/clock.ts";
import { platform } from "../../../../runtimes/node/platform.ts";
import { serveGateway } from "../../../../runtimes/engine/serve.ts";
import type { Serving } from "../../../../runtimes/serving.ts";
import { parseConfig } from "../../../../src/config/parse.ts";
import type { Post, PostAnswer } from "../../../../src/core/post.ts";

const directory = mkdtempSync(join(tmpdir(), "fairlead-last-telemetry-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const LOG = join(directory, "log");

const serve = (
  clock: ManualClock,
  post: (post: Post) => Promise<PostAnswer>,
  otlp: boolean | string = true,
): Promise<Serving> => {
  const config = parseConfig({
    listen: { port: 0, host: "127.0.0.1" },
    log: { output: LOG, format: "json", otlp },
    routes: [{ respond: { body: "ok" } }],
    telemetry: { otlp: { endpoint: "http://collector", protocol: "http/json" } },
  });
  return serveGateway(config, { ...platform(), clock, post });
};

test("a collector that does not answer holds up a stop for less than two seconds in all", async () => {
  const clock = new ManualClock();
  const posted: string[] = [];
  const serving = await serve(clock, ({ url }) => {
    posted.push(new URL(url).pathname);
    return new Promise(() => {});
  });
  const ended = serving.stop();
  // All at once: one after the other, each would have the whole time.
  await expect.poll(() => posted.toSorted()).toEqual(["/v1/logs", "/v1/metrics"]);
  await clock.advance(1_500);
  await ended;
  expect(readFileSync(LOG, "utf8")).toMatch(/items of telemetry \(logs\) were lost/);
});

test("a collector gets the event that the server has stopped", async () => {
  const bodies: string[] = [];
  const serving = await serve(new ManualClock(), async ({ url, body }) => {
    if (url.endsWith("/logs")) bodies.push(new TextDecoder().decode(body));
    return { status: 200, retryAfter: undefined, body: new Uint8Array() };
  });
  await serving.stop();
  expect(bodies.join("")).toContain('"stopped"');
});

test("log records go to a collector of their own", async () => {
  const urls: string[] = [];
  const answer = async ({ url }: Post): Promise<PostAnswer> => {
    urls.push(url);
    return { status: 200, retryAfter: undefined, body: new Uint8Array() };
  };
  await (await serve(new ManualClock(), answer, "http://logs/push")).stop();
  expect(urls.toSorted()).toEqual(["http://collector/v1/metrics", "http://logs/push"]);
});
