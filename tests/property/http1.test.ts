import * as fc from "fast-check";
import { describe, it } from "vitest";
import { HTTP1_PROPERTIES } from "../support/http1-properties.ts";

describe("HTTP/1.1 wire format:", () => {
  // oxlint-disable-next-line vitest/expect-expect -- the properties assert by themselves, as they run outside of vitest too
  it.each(Object.entries(HTTP1_PROPERTIES))("%s", (_, property) => {
    fc.assert(property, { numRuns: 500 });
  });
});
