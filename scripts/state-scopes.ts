/** Writes the table of docs/threads.md: what is shared by threads. */
import { readFileSync, writeFileSync } from "node:fs";
import { STATE_SCOPES } from "../src/state-scopes.ts";

const FILE = new URL("../docs/threads.md", import.meta.url);
const SECTION = /(<!-- state -->\n).*?(\n<!-- \/state -->)/s;

const rows = (): readonly string[] =>
  Object.values(STATE_SCOPES).map(({ about, scope, note }) => `| ${about} | ${scope} | ${note} |`);

/** `page` with the table as the code has it. Aligned by the formatter. */
export const withStateScopes = (page: string): string => {
  const table = ["| what | scope | |", "| :-- | :-- | :-- |", ...rows()].join("\n");
  return page.replace(SECTION, (_, begin: string, end: string) => `${begin}\n${table}\n${end}`);
};

if (import.meta.main) writeFileSync(FILE, withStateScopes(readFileSync(FILE, "utf8")));
