/** `balance`: how an endpoint is picked. */
import type { ChooseEndpoint } from "../../balance/custom.ts";
import type { HashKeyOptions } from "../../balance/hash-key.ts";
import { anyOf } from "../problem.ts";
import { formOf, orWord, shortFor } from "../schema/forms.ts";
import { needs, onlyWith } from "../schema/key-rules.ts";
import { code, oneOf } from "../schema/leaf.ts";
import { defaulted, named, object, optional, required } from "../schema/object.ts";
import { FIELD_NAME, HASH_KEY, REGION_SOURCE } from "../schema/patterns.ts";
import { type Schema, transformed } from "../schema/schema.ts";
import { duration, like, nonEmpty, ratio } from "../schema/values.ts";

const HASH_KEYS = '"ip", "path", "header:NAME", "cookie:NAME" or "query:NAME"';

/** What a client, or a piece of content, is known by. */
export const hashKeyOf: Schema<HashKeyOptions> = transformed(
  like(HASH_KEYS, HASH_KEY),
  (given) => {
    const colon = given.indexOf(":");
    return (
      colon === -1 ? { from: given } : { from: given.slice(0, colon), name: given.slice(colon + 1) }
    ) as HashKeyOptions;
  },
  { output: "HashKeyOptions" },
);

const regionSource = transformed(
  like('"edge" or "header:NAME"', REGION_SOURCE),
  (given) => (given === "edge" ? given : given.toLowerCase()),
  { output: "string" },
);

/** Masked: whoever knows it can make cookies. */
const signingSecret = { ...nonEmpty("a secret text"), isSecret: () => true };

const sticky = object("StickyConfig", {
  secret: required(signingSecret, "What the cookie is signed with: the same for all proxies of a site."),
  cookie: optional(
    like('a cookie name such as "server"', FIELD_NAME),
    'Name of the cookie. "fairlead-" and a hash of the upstream\'s name unless set, so that no two of a config share one; set it where an app calls `proxyTo` twice.',
  ),
  maxAge: optional(duration, "How long it is kept; as long as the browser's session unless set."),
  sameSite: defaulted(oneOf("Strict", "Lax", "None"), "Lax", "Its SameSite attribute."),
});

/** They alone read `key` and `bound`. */
const HASH_POLICIES = ["ring-hash", "maglev", "rendezvous"] as const;
const OTHER_POLICIES = ["p2c", "round-robin", "random", "least-in-flight", "peak-ewma"] as const;
const POLICIES = [...OTHER_POLICIES, ...HASH_POLICIES];

const policy = formOf<(typeof POLICIES)[number] | ChooseEndpoint>("the name of a policy", [
  oneOf(...POLICIES),
  code("a function", (value) => typeof value === "function", "BalanceFunction"),
]);

const rules = [
  onlyWith(
    ["key", "bound"],
    { key: "policy", among: HASH_POLICIES, notAmong: OTHER_POLICIES },
    "has no effect without a hash policy",
  ),
  needs("prefer", "zone", "needs `zone`, the one this proxy runs in", "zone"),
  needs("prefer", "regionFrom", "needs `regionFrom`", "region"),
  onlyWith(
    ["regionFrom"],
    { key: "prefer", among: ["region"], notAmong: ["zone", "latency"] },
    'has no effect without `prefer: "region"`',
  ),
];

export const balance: Schema = shortFor(
  anyOf([...POLICIES.map((name) => `"${name}"`), "an object"]),
  "policy",
  policy,
  object(named("BalanceConfig", { rules }), {
    policy: defaulted(
      policy,
      "p2c",
      '"p2c": the less loaded of two random ones. "peak-ewma" goes by latency, the hashes by `key`; from TypeScript a function chooses.',
    ),
    key: optional(hashKeyOf, 'What hash policies go by. "ip" unless set.'),
    bound: optional(
      orWord(ratio(1, 100), "unlimited", "unlimited"),
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
  }),
);
