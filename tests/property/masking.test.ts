import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { masking } from "../../src/config/masking.ts";
import { normaliseConfigPath } from "../../src/routing/config-path.ts";

const word = fc.stringMatching(/^[A-Za-z0-9]{1,3}$/);
const long = fc.string({ minLength: 4, maxLength: 20 }).filter((text) => /[A-Za-z0-9]/.test(text));
const secrets = fc.array(fc.oneof(word, long), { minLength: 1, maxLength: 4 });
const around = fc.constantFrom("", " ", '"', "/", "(", "=");

describe("masking", () => {
  it("leaves no secret that stands by itself", () => {
    fc.assert(
      fc.property(secrets, around, (texts, edge) => {
        const mask = masking(texts);
        for (const text of texts) expect(mask(edge + text + edge).replaceAll("***", "")).not.toContain(text);
      }),
    );
  });

  it("leaves no secret of four characters or more within a word", () => {
    fc.assert(
      fc.property(fc.array(long, { minLength: 1, maxLength: 4 }), (texts) => {
        const mask = masking(texts);
        for (const text of texts) expect(mask(`a${text}b`).replaceAll("***", "")).not.toContain(text);
      }),
    );
  });

  it("finds a secret in the spelling that a path has", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zé ~%]{4,12}$/), (text) => {
        let path: string;
        try {
          path = normaliseConfigPath(`/v1/${text}/x`);
        } catch {
          return;
        }
        expect(masking([text])(path)).toBe("/v1/***/x");
      }),
    );
  });

  it("changes nothing where no secret is", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z /.]{0,30}$/), (text) => {
        expect(masking(["HUNTER2", "8"])(text)).toBe(text);
      }),
    );
  });
});
