/**
 * The dashboard's files, read from the sources. The build replaces this module with one that holds their texts
 * (`scripts/dashboard-module.ts`).
 */
import { readFile, readdir } from "node:fs/promises";
import type { DashboardFile, DashboardFiles } from "../../handlers/dashboard/dashboard.ts";

const PAGE = new URL("../../handlers/dashboard/page/", import.meta.url);
const CHARTS = ["uPlot.iife.min.js", "uPlot.min.css"];

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html",
  css: "text/css",
  js: "text/javascript",
  svg: "image/svg+xml",
};

const typeOf = (name: string): string | undefined => TYPES[name.slice(name.lastIndexOf(".") + 1)];

/**
 * Undefined where the sources are no files of this machine: Deno runs a package of JSR from its URLs, which have no list of files.
 *
 * @param page the folder of the page's own files. @default that of the sources
 */
export const dashboardFiles = async (page: URL = PAGE): Promise<DashboardFiles | undefined> => {
  if (page.protocol !== "file:") return undefined;
  const own = (await readdir(page)).map((name) => [name, new URL(name, page)] as const);
  const charts = CHARTS.map((name) => [name, new URL(import.meta.resolve(`uplot/dist/${name}`))] as const);
  const read = await Promise.all(
    [...own, ...charts].map(async ([name, url]): Promise<readonly (readonly [string, DashboardFile])[]> => {
      const type = typeOf(name);
      if (type === undefined) return [];
      const text = await readFile(url, "utf8");
      return [[name === "index.html" ? "" : `dashboard/${name}`, { type, text }]];
    }),
  );
  return new Map(read.flat());
};
