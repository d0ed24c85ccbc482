/** What every request pays for being looked at and rewritten. */
import { do_not_optimize } from "mitata";
import { compileTrusted, resolveClient } from "../../src/http/forwarded.ts";
import { type HeaderEdits, editPairs, editRecord, mergeEdits } from "../../src/http/header-edits.ts";
import { HOP_BY_HOP } from "../../src/http/headers.ts";
import { renderProblem } from "../../src/http/problem.ts";
import { readFields } from "../../src/http/read-fields.ts";
import { type ScreenHead, screen } from "../../src/http/screen.ts";
import { securityHeaderEdits } from "../../src/http/security-headers.ts";
import { normaliseTarget } from "../../src/http/target.ts";
import { ANSWER_RECORD, BROWSER_PAIRS } from "./samples.ts";
import type { Suite } from "./suite.ts";

const head: ScreenHead = {
  method: "GET",
  scheme: "http",
  target: "/api/v2/orders?page=2&sort=-date",
  fields: BROWSER_PAIRS,
  authority: undefined,
  version: "1.1",
  ...readFields(BROWSER_PAIRS, "1.1"),
};
const policy = { headerBytes: 32_768, headers: 100, targetBytes: 8192, underscores: "drop" } as const;
const requestEdits: HeaderEdits = {
  drop: new Set([...HOP_BY_HOP, "host", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "via"]),
  fallback: [],
  add: ["x-forwarded-for", "192.0.2.1", "x-forwarded-host", "shop-7.example.com", "via", "1.1 fairlead"],
};
const { http: responseEdits } = securityHeaderEdits({
  preset: "default",
  headers: {},
  override: false,
  remove: ["server", "x-powered-by"],
});
const trusted = compileTrusted(["10.0.0.0/8", "fd00::/8"]);
const forwarded = [
  ...BROWSER_PAIRS,
  "X-Forwarded-For",
  "203.0.113.9, 10.1.1.1",
  "X-Forwarded-Proto",
  "https",
];

const problem = {
  status: 502,
  code: "connect-failed",
  title: "Upstream could not be reached",
  requestId: "0af7651916cd43dd8448eb211c80319c",
};

export const suites = (): Suite[] => [
  {
    title: "request and response heads",
    benches: {
      "screen, 12 fields": () => do_not_optimize(screen(head, policy)),
      "normalise target, clean": () => do_not_optimize(normaliseTarget("/api/v2/orders?page=2")),
      "normalise target, dirty": () => do_not_optimize(normaliseTarget("/api/v2/./%6Frders/../x?page=2")),
      "client, untrusted peer": () =>
        do_not_optimize(
          resolveClient(BROWSER_PAIRS, { address: "192.0.2.1" }, "http", "shop-7.example.com", trusted),
        ),
      "client through a trusted proxy": () =>
        do_not_optimize(
          resolveClient(forwarded, { address: "10.1.1.2" }, "http", "shop-7.example.com", trusted),
        ),
      "edit request pairs": () => do_not_optimize(editPairs(BROWSER_PAIRS, requestEdits)),
      "edit response record": () => do_not_optimize(editRecord(ANSWER_RECORD, responseEdits)),
      "merge edits": () => do_not_optimize(mergeEdits(responseEdits, requestEdits)),
      "render problem": () => do_not_optimize(renderProblem(problem, "text/html,application/json;q=0.9")),
    },
  },
];
