import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/config/config-error.ts";
import { load, loadSome, type Sources } from "../support/config-files.ts";

/** Long enough that no message holds one by chance. */
const secret = fc
  .tuple(fc.string({ minLength: 1, maxLength: 20 }), fc.stringMatching(/^[a-z]{4}$/))
  .map(([odd, word]) => `q7${word}${odd.replaceAll(/[\0$]/g, "_")}${word}7q`);

/** Places that take a text and places that take something else, so that there are errors as well. */
const PLACES = [
  "listen.port",
  "listen.host",
  "listen.timeouts.header",
  "listen.trustedProxies",
  "upstreams.app.endpoints",
  "upstreams.app.host",
  "upstreams.app.balance",
  "upstreams.app.tls.ca",
  "routes.0.name",
  "routes.0.upstream",
  "routes.0.match.path",
  "routes.0.match.host",
  "routes.0.rewrite.path",
  "routes.0.requestHeaders.set.x-token",
  "routes.0.bodyBytes",
  "securityHeaders",
  "requestId.trust",
  "forwarding.via",
] as const;

const base = (): Record<string, unknown> => ({
  upstreams: { app: { endpoints: "https://a" } },
  routes: [{ upstream: "app" }],
});

const put = (target: Record<string, unknown>, path: string, value: unknown): void => {
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  let at = target;
  for (const key of keys) at = (at[key] ??= {}) as Record<string, unknown>;
  at[last] = value;
};

/** All that a person could get to see. */
const shown = async (sources: Sources): Promise<string> => {
  try {
    const loaded = await load(sources);
    return loaded === undefined ? "" : JSON.stringify([loaded.masked(), loaded.sources]);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return `${error.report}${error.message}${JSON.stringify(error.problems)}`;
  }
};

const leaks = (text: string, value: string): boolean =>
  text.includes(value) || text.includes(JSON.stringify(value).slice(1, -1));

describe("a secret", () => {
  it("is never shown, whether the config is right or wrong", async () => {
    const around = fc.constantFrom("", "http://", "/", "a ");
    await fc.assert(
      fc.asyncProperty(
        fc.subarray([...PLACES], { minLength: 1 }),
        secret,
        around,
        fc.boolean(),
        async (places, value, before, fromFile) => {
          const input = base();
          const reference = fromFile ? "${file:secret}" : "${env:SECRET}";
          for (const place of places) put(input, place, before + reference);
          const text = JSON.stringify(input, null, 2);
          const seen = await shown({
            files: { "fairlead.json": text, secret: value },
            env: { SECRET: value },
          });
          expect(leaks(seen, value)).toBe(false);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("is never shown when it stands in the file as a key or a credential", async () => {
    await fc.assert(
      fc.asyncProperty(secret, fc.boolean(), fc.boolean(), async (value, broken, inOneLine) => {
        const input = base();
        put(input, "upstreams.app.tls.key", value);
        put(input, "routes.0.requestHeaders.set.authorization", `Basic ${value}`);
        if (broken) put(input, "routes.0.colour", "red");
        const text = JSON.stringify(input, null, inOneLine ? 0 : 2);
        expect(leaks(await shown({ files: { "fairlead.json": text } }), value)).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  it("arrives as it is where it is used", async () => {
    await fc.assert(
      fc.asyncProperty(secret, async (value) => {
        const files = {
          "fairlead.json": JSON.stringify({ ...base(), routes: [{ respond: { body: "<${env:SECRET}>" } }] }),
        };
        const { config } = await loadSome({ files, env: { SECRET: value } });
        expect(config.routes[0]?.respond?.body).toBe(`<${value}>`);
      }),
    );
  });
});
