/** Hash policies: requests with one key go to one endpoint, whatever the key is taken from. */
import { expect } from "vitest";
import type { UpstreamInput } from "../../src/config/types.ts";
import { type Case, conformance, type RequestParts } from "../support/suite.ts";
import { nameOrigins, whoAnswers } from "../support/who-answers.ts";

const POLICIES = ["ring-hash", "maglev", "rendezvous"] as const;

interface KeySource {
  readonly key: string;
  readonly what: string;
  /** A request that has `value` there. */
  readonly request: (value: string) => readonly [target: string, parts: RequestParts];
}

const KEYS: readonly KeySource[] = [
  {
    key: "ip",
    what: "client address",
    request: (value) => ["", { fields: [`X-Forwarded-For: 192.0.2.${value}`] }],
  },
  { key: "header:X-User", what: "header", request: (value) => ["", { fields: [`x-user: ${value}`] }] },
  {
    key: "cookie:user",
    what: "cookie",
    request: (value) => ["", { fields: [`Cookie: a=b; user=${value}`] }],
  },
  { key: "query:user", what: "query", request: (value) => [`?a=b&user=${value}`, {}] },
  { key: "path", what: "path", request: (value) => [`/${value}`, {}] },
];

/** Enough that one of three endpoints getting all of them is no matter of chance. */
const VALUES = Array.from({ length: 24 }, (_, index) => String(index + 1));

const nameOf = (policy: string, key: string): string => `${policy}-${key.replace(":", "-").toLowerCase()}`;

const COMBINATIONS = POLICIES.flatMap((policy) => KEYS.map((source) => ({ policy, source })));

const cases = COMBINATIONS.map(({ policy, source: { key, what, request } }): Case => ({
  title: `${policy} by ${what} keeps each key at one endpoint, and uses them all`,
  run: async (stage) => {
    nameOrigins(stage);
    const placesOf = (): Promise<readonly number[]> =>
      Promise.all(
        VALUES.map((value) => {
          const [rest, parts] = request(value);
          return whoAnswers(stage, `/${nameOf(policy, key)}${rest}`, parts);
        }),
      );
    const places = await placesOf();
    expect(await placesOf()).toEqual(places);
    expect(new Set(places).size).toBeGreaterThan(1);
  },
}));

conformance("hash balancing", {
  origins: 3,
  config: (urls) => ({
    listen: { trustedProxies: ["127.0.0.1"] },
    upstreams: Object.fromEntries(
      COMBINATIONS.map(({ policy, source: { key } }): [string, UpstreamInput] => [
        nameOf(policy, key),
        // Of requests at the same time, some would go to a key's next endpoint.
        { endpoints: urls, balance: { policy, key, bound: "unlimited" } },
      ]),
    ),
    routes: COMBINATIONS.map(({ policy, source: { key } }) => ({
      match: { path: `/${nameOf(policy, key)}/*` },
      upstream: nameOf(policy, key),
    })),
  }),
  cases,
});
