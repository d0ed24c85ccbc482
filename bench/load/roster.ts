/** Who takes part. */
import { type Contender, GROUPS } from "./contender.ts";
import { contenders as bare } from "./contenders/bare.ts";
import { contenders as caddy } from "./contenders/caddy.ts";
import { contenders as inHono } from "./contenders/fairlead-in-hono.ts";
import { contenders as worker } from "./contenders/fairlead-workerd.ts";
import {
  contenders as command,
  contendersBefore,
  packageContenders,
  resilienceContenders,
  telemetryContenders,
} from "./contenders/fairlead.ts";
import { contenders as haproxy } from "./contenders/haproxy.ts";
import { loggingContenders } from "./contenders/logging.ts";
import { contenders as libraries } from "./contenders/libraries.ts";
import { contenders as nginx } from "./contenders/nginx.ts";

/** What Fairlead is also compared to itself in. */
export interface Comparisons {
  readonly resilience?: boolean | undefined;
  readonly logging?: boolean | undefined;
  /** Metrics counted. */
  readonly telemetry?: boolean | undefined;
}

/** Everybody, in the order of a round and of the tables. `before` is another checkout of this project. */
export const roster = (
  before: string | undefined,
  { resilience = false, logging = false, telemetry = false }: Comparisons = {},
): Contender[] => [
  ...command,
  ...(resilience ? resilienceContenders : []),
  ...(logging ? loggingContenders : []),
  ...(telemetry ? telemetryContenders : []),
  ...(before === undefined ? [] : contendersBefore(before)),
  ...worker,
  ...packageContenders,
  ...inHono,
  ...nginx,
  ...haproxy,
  ...caddy,
  ...libraries,
  ...bare,
];

/** True where `word` is the id of `contender`, a pattern of it with `*`, or its group. */
const means = (word: string, { id, group }: Contender): boolean =>
  word === group || new RegExp(`^${word.replaceAll("*", ".*")}$`).test(id);

/**
 * Those of `everybody` that `words` name.
 *
 * @throws RangeError naming a word that means nobody.
 */
export const chosenContenders = (everybody: readonly Contender[], words: readonly string[]): Contender[] => {
  const nobody = words.find((word) => !everybody.some((contender) => means(word, contender)));
  if (nobody !== undefined) {
    const known = [...GROUPS, ...everybody.map(({ id }) => id)].join(", ");
    throw new RangeError(`--contenders: ${nobody} is none of ${known}`);
  }
  return everybody.filter((contender) => words.some((word) => means(word, contender)));
};

/** Why each that can't run here can't. */
export const missingOf = (contenders: readonly Contender[]): Record<string, string> => {
  const missing: Record<string, string> = {};
  for (const contender of contenders) {
    const why = contender.missing();
    if (why !== undefined) missing[contender.name] = why;
  }
  return missing;
};
