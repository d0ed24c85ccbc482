/** Errors. */
import { do_not_optimize } from "mitata";
import { ProxyError, asProxyError } from "../../src/core/errors.ts";
import type { Suite } from "./suite.ts";

const cause = new Error("ECONNREFUSED");

export const suites = (): Suite[] => [
  {
    title: "errors",
    benches: {
      "new ProxyError": () => do_not_optimize(new ProxyError("connect-failed", { cause })),
      "a defect as ProxyError": () => do_not_optimize(asProxyError(cause)),
    },
  },
];
