import * as fc from "fast-check";
import { describe, it } from "vitest";
import { HTTP1_PROPERTIES } from "../support/http1-properties.ts";

describe("HTTP/1.1 wire format", () => {
  for (const [name, property] of Object.entries(HTTP1_PROPERTIES)) {
    // The properties assert by themselves, as they run outside of vitest too.
    // oxlint-disable-next-line vitest/expect-expect -- `fc.assert` throws with the case and its seed
    it(name, () => {
      fc.assert(property, { numRuns: 500 });
    });
  }
});
