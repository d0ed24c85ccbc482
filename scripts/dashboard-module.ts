/** The dashboard's files as one module, which takes the place of `runtimes/engine/dashboard-files.ts` in the package. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { dashboardFiles } from "../runtimes/engine/dashboard-files.ts";

const LICENSE = fileURLToPath(new URL("../node_modules/uplot/LICENSE", import.meta.url));

/** uPlot's licence asks that its notice goes with every copy. */
const withNotice = (text: string, notice: string): string =>
  text.includes("github.com/leeoniya/uPlot") ? `/*!\n${notice.trim()}\n*/\n${text}` : text;

/** JavaScript. */
export const dashboardModule = async (): Promise<string> => {
  const notice = await readFile(LICENSE, "utf8");
  const found = await dashboardFiles();
  if (found === undefined) throw new TypeError("the dashboard's files are not here");
  const files = Array.from(found, ([path, { type, text }]) => [
    path,
    { type, text: withNotice(text, notice) },
  ]);
  return `const files = new Map(${JSON.stringify(files)});\nexport const dashboardFiles = async () => files;\n`;
};
