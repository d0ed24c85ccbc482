/** What the launchers of the library's app are told, and what they tell. */
import process from "node:process";

/** Where the config's first upstream is. */
export const originIn = (configText: string): string => {
  const { upstreams } = JSON.parse(configText) as { upstreams: Record<string, string> };
  return Object.values(upstreams)[0] ?? "";
};

export const announce = (port: number): void => {
  process.stdout.write(`${JSON.stringify({ port })}\n`);
};
