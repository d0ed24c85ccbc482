/** What the launchers of the library's app are told, and what they tell. */
import process from "node:process";

/** Where the config's first upstream is. */
export const originIn = (configText: string): string => {
  const { upstreams } = JSON.parse(configText) as { upstreams: Record<string, string> };
  return Object.values(upstreams)[0] ?? "";
};

/** Where the config says that telemetry goes. */
export const collectorIn = (configText: string): string | undefined => {
  const { telemetry } = JSON.parse(configText) as { telemetry?: { otlp?: { endpoint?: string } } };
  return telemetry?.otlp?.endpoint;
};

export const announce = (port: number): void => {
  process.stdout.write(`${JSON.stringify({ port })}\n`);
};
