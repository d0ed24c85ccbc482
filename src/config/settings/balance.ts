/** `balance`: how an endpoint is picked. */
import type { ChooseEndpoint } from "../../balance/custom.ts";
import type { HashKeyOptions } from "../../balance/hash-key.ts";
import { isFieldName } from "../../http/headers.ts";
import { formOf, shortFor } from "../schema/forms.ts";
import { code, oneOf } from "../schema/leaf.ts";
import { defaulted, object, optional, required } from "../schema/object.ts";
import { FIELD_NAME, behind } from "../schema/patterns.ts";
import { REFUSED, type Schema } from "../schema/schema.ts";
import { duration, nonEmpty, ratio, text } from "../schema/values.ts";
import type { BalanceConfig, StickyConfig } from "../types.ts";

const HASH_KEY = '"ip", "path", "header:NAME", "cookie:NAME" or "query:NAME"';

const readHashKey = (given: string): HashKeyOptions | typeof REFUSED => {
  if (given === "ip" || given === "path") return { from: given };
  const [, from, name = ""] = /^(header|cookie|query):(.+)$/s.exec(given) ?? [];
  if (from === "header") return isFieldName(name) ? { from, name } : REFUSED;
  return from === "cookie" || from === "query" ? { from, name } : REFUSED;
};

/** What a client, or a piece of content, is known by. */
export const hashKeyOf: Schema<HashKeyOptions> = text(
  HASH_KEY,
  readHashKey,
  { pattern: `^(?:ip|path)$|${behind("(?:header|cookie|query):")}` },
  "HashKeyOptions",
);

const cookieName: Schema<string> = text(
  'a cookie name such as "server"',
  (given) => (isFieldName(given) ? given : REFUSED),
  { pattern: FIELD_NAME },
);

const regionSource: Schema<string> = text(
  '"edge" or "header:NAME"',
  (given) => {
    const [, name = ""] = /^header:(.+)$/s.exec(given) ?? [];
    if (given === "edge") return given;
    return isFieldName(name) ? `header:${name.toLowerCase()}` : REFUSED;
  },
  { pattern: `^edge$|${behind("header:")}` },
);

/** Nobody who sees the config may make cookies. */
const signingSecret: Schema<string> = { ...nonEmpty("a secret text"), isSecret: () => true };

const sticky: Schema<StickyConfig> = object("StickyConfig", {
  secret: required(signingSecret, "What the cookie is signed with: the same for all proxies of a site."),
  cookie: defaulted(cookieName, "fairlead-endpoint", "Name of the cookie."),
  maxAge: optional(duration, "How long it is kept; as long as the browser's session unless set."),
  sameSite: defaulted(oneOf("Strict", "Lax", "None"), "Lax", "Its SameSite attribute."),
});

const policy = formOf<
  | "p2c"
  | "round-robin"
  | "random"
  | "least-in-flight"
  | "peak-ewma"
  | "ring-hash"
  | "maglev"
  | "rendezvous"
  | ChooseEndpoint
>("the name of a policy", [
  oneOf("p2c", "round-robin", "random", "least-in-flight", "peak-ewma", "ring-hash", "maglev", "rendezvous"),
  code("a function", (value) => typeof value === "function", "BalanceFunction"),
]);

const EXPECTS =
  '"p2c", "round-robin", "random", "least-in-flight", "peak-ewma", "ring-hash", "maglev", "rendezvous" or an object';

/** Hash policies alone read `key` and `bound`. */
const HASHES: readonly unknown[] = ["ring-hash", "maglev", "rendezvous"];

export const balance: Schema<BalanceConfig> = shortFor(
  EXPECTS,
  "policy",
  policy,
  object<BalanceConfig>(
    "BalanceConfig",
    {
      policy: defaulted(
        policy,
        "p2c",
        '"p2c": the less loaded of two random ones. "peak-ewma" goes by latency, the hashes by `key`; from TypeScript a function chooses.',
      ),
      key: optional(hashKeyOf, 'What hash policies go by. "ip" unless set.'),
      bound: optional(
        formOf<number | "unlimited">('a number from 1 to 100, or "unlimited"', [
          ratio(1, 100),
          oneOf("unlimited"),
        ]),
        "Most load of an endpoint relative to its fair share, with hash policies. 1.5 unless set.",
      ),
      sticky: optional(sticky, "Keeps each client at its endpoint by a signed cookie."),
      prefer: optional(
        oneOf("zone", "latency", "region"),
        "Which endpoints come first: those of this proxy's `zone`, of the zone with the lowest latency, or of the client's region.",
      ),
      zone: optional(nonEmpty("the name of a zone"), "The zone that this proxy runs in."),
      regionFrom: optional(
        regionSource,
        'Where the client\'s region is told: "header:NAME" of a trusted proxy, or "edge", by the runtime itself.',
        { needs: (written) => (written === "edge" ? ["client-region"] : []) },
      ),
    },
    {
      rule: ({ policy: chosen = "p2c", prefer }, { has, complain }) => {
        for (const key of ["key", "bound"].filter(has)) {
          if (!HASHES.includes(chosen)) complain("has no effect without a hash policy", key);
        }
        if (prefer === "zone" && !has("zone")) complain("needs `zone`, the one this proxy runs in", "prefer");
        if (prefer === "region" && !has("regionFrom")) complain("needs `regionFrom`", "prefer");
        if (prefer !== "region" && has("regionFrom")) {
          complain('has no effect without `prefer: "region"`', "regionFrom");
        }
      },
    },
  ),
);
