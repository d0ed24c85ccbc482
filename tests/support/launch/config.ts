/** The config file a launcher was given, and what in it was set by hand. */
import { readFileSync } from "node:fs";
import process from "node:process";
import { parseConfig } from "../../../src/config/parse.ts";
import type { Config } from "../../../src/config/types.ts";
import type { ServeOptions, Serving } from "../../../runtimes/serving.ts";

const leaves = (value: unknown, path: string): string[] =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, member]) => leaves(member, path === "" ? key : `${path}.${key}`))
    : [path];

/** Serves the file on a free port, says which, and drains on SIGTERM. */
export const launch = async (
  serve: (config: Config, options: ServeOptions) => Promise<Serving>,
): Promise<void> => {
  const input: unknown = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8"));
  const explicit = new Set(leaves(input, ""));
  const serving = await serve(parseConfig(input), { port: 0, host: "127.0.0.1", explicit });
  process.on("SIGTERM", () => {
    void serving.drain().then(({ cut }) => process.exit(cut === 0 ? 0 : 1));
  });
  process.stdout.write(`${JSON.stringify({ port: serving.address.port })}\n`);
};
