/** Endpoints that change while the proxy runs. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { type Case, type Stage, conformance } from "../support/suite.ts";

const folder = mkdtempSync(join(tmpdir(), "fairlead-discovery-"));
const file = join(folder, "endpoints.json");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const list = (...urls: readonly string[]): void => writeFileSync(file, JSON.stringify(urls));

/** Asks until the origin at `index` answers. */
const reaches = async (stage: Stage, index: number): Promise<void> => {
  for (let tries = 0; tries < 200; tries++) {
    const before = stage.at(index).exchanges.length;
    await stage.request("/");
    if (stage.at(index).exchanges.length > before) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`origin ${index} was not asked within 200 requests`);
};

const cases: Case[] = [
  {
    title: "file that is watched moves traffic, and one that turns wrong moves none",
    seenAt: ["NginxProxyManager/nginx-proxy-manager#5602"],
    run: async (stage) => {
      list(stage.at(0).url);
      await reaches(stage, 0);
      list(stage.at(1).url);
      await reaches(stage, 1);
      writeFileSync(file, "[");
      await stage.proxy.child.printed(/endpoints stay as they were \(the file .*: the list is not JSON\)/);
      expect((await stage.request("/")).status).toBe(200);
      list(stage.at(0).url);
      await reaches(stage, 0);
    },
  },
];

conformance("discovery", {
  origins: 2,
  config: ([first]) => {
    list(first);
    return { upstreams: { main: { discovery: { file } } }, routes: [{ upstream: "main" }] };
  },
  cases,
});
