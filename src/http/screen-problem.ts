/** Why a request is not believed. */

/** A request that must not be believed. */
export interface ScreenProblem {
  readonly code:
    | "bad-request"
    | "header-too-large"
    | "target-too-long"
    | "expectation-failed"
    | "not-implemented"
    | "request-timeout"
    | "version-not-supported";
  /** For operators. */
  readonly detail: string;
}

export const problem = (code: ScreenProblem["code"], detail: string): ScreenProblem => ({ code, detail });

/** What most of them are. */
export const malformed = (detail: string): ScreenProblem => problem("bad-request", detail);
