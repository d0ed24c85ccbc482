/** Errors on their way between threads: structured clone keeps neither their class nor their own fields. */
import { ConfigError, type ConfigProblem } from "../../../src/config/config-error.ts";
import { DiagnosticsError, type DiagnosticsFailure } from "../../../src/core/diagnostics.ts";
import { errorCode } from "../../error-code.ts";
import { ServeError } from "../../serving.ts";

export type ErrorData =
  | { readonly kind: "config"; readonly problems: readonly ConfigProblem[] }
  | { readonly kind: "serve"; readonly message: string }
  | { readonly kind: "diagnostics"; readonly failure: DiagnosticsFailure; readonly message: string }
  | { readonly kind: "other"; readonly message: string; readonly code: string | undefined };

export const errorData = (thrown: unknown): ErrorData => {
  if (thrown instanceof ConfigError) return { kind: "config", problems: thrown.problems };
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (thrown instanceof ServeError) return { kind: "serve", message };
  if (thrown instanceof DiagnosticsError) return { kind: "diagnostics", failure: thrown.failure, message };
  return { kind: "other", message, code: errorCode(thrown) };
};

export const errorOf = (data: ErrorData): Error => {
  switch (data.kind) {
    case "config":
      return new ConfigError(data.problems);
    case "serve":
      return new ServeError(data.message);
    case "diagnostics":
      return new DiagnosticsError(data.failure, data.message);
    case "other":
      return Object.assign(new Error(data.message), data.code === undefined ? {} : { code: data.code });
  }
};
