/** Why a message is not read on. */
import type { ScreenProblem } from "../http/screen-problem.ts";

/** Kind of a refusal; a request's are codes of errors that its client is answered with. */
export type RefusalCode = ScreenProblem["code"] | "bad-upstream-response";

/** A message that breaks a rule. The connection it came on must be closed. */
export interface Refusal {
  /** What a refused request is answered with; 502 for a response. */
  readonly status: number;
  readonly code: RefusalCode;
  /** Names the rule, for operators. */
  readonly detail: string;
}

const STATUS: Readonly<Record<RefusalCode, number>> = {
  "bad-request": 400,
  "request-timeout": 408,
  "target-too-long": 414,
  "expectation-failed": 417,
  "header-too-large": 431,
  "not-implemented": 501,
  "bad-upstream-response": 502,
  "version-not-supported": 505,
};

/** A refusal with the status of its code. */
export const refuse = (code: RefusalCode, detail: string): Refusal => ({
  status: STATUS[code],
  code,
  detail,
});

/** Makes refusals of requests or of responses: the rules of the wire are the same for both. */
export type Refuse = (code: RefusalCode, detail: string) => Refusal;

/** Whatever is wrong with a response is the upstream's fault. */
export const refuseResponse: Refuse = (_code, detail) => refuse("bad-upstream-response", detail);

/** Whether reading a head ended in a refusal. */
export const isRefusal = (result: object): result is Refusal => "detail" in result;
