/** Certificates and keys of a config, as its runtime sees them. */
import type { InspectTls } from "../core/tls-inspection.ts";
import type { ConfigProblem } from "./problem.ts";
import { isRecord } from "./schema/run.ts";

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** What `inspect` finds in `upstreams`, whether they are as written (references resolved) or as parsed. */
export const checkTls = (upstreams: unknown, inspect: InspectTls): ConfigProblem[] =>
  Object.entries(isRecord(upstreams) ? upstreams : {}).flatMap(([name, upstream]) => {
    const tls = isRecord(upstream) ? upstream["tls"] : undefined;
    if (!isRecord(tls)) return [];
    const { ca, cert, key } = tls as Readonly<Record<"ca" | "cert" | "key", unknown>>;
    return inspect({ ca: textOf(ca), cert: textOf(cert), key: textOf(key) }).map(
      ({ setting, message }): ConfigProblem => ({
        path: ["upstreams", name, "tls", setting],
        at: "value",
        message,
      }),
    );
  });
