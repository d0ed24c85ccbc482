/** Lines of a running proxy's log. */
import type { Stage } from "./suite.ts";

/** A line as JSON. */
export type LogLine = Readonly<Record<string, unknown>>;

/** The line about the request for `path` that failed with `code`, as text. */
export const lineAbout = async (
  { proxy }: Stage,
  code: string,
  path: string,
  boundMs?: number,
): Promise<string> => {
  const [line] = await proxy.child.printed(
    new RegExp(`^\\{.*"target":"${path}.*"code":"${code}".*\\}$`, "m"),
    boundMs,
  );
  return line;
};

/** All lines in `text` that are about `event`. */
export const linesOf = (text: string, event: string): LogLine[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("{") && line.endsWith("}"))
    .map((line) => JSON.parse(line) as LogLine)
    .filter((line) => line["event"] === event);
