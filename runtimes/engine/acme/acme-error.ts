/** What goes wrong between an ACME client and its authority. */

/** Failures that the client makes names for itself, beside the authority's own (`urn:ietf:params:acme:error:…`). */
export type AcmeErrorType = `urn:${string}` | "unreachable" | "unexpected-answer";

const RATE_LIMITED = "urn:ietf:params:acme:error:rateLimited";

/** The message is one sentence for operators: what the authority said is shortened to a line of printable characters. */
export class AcmeError extends Error {
  override readonly name = "AcmeError";
  readonly type: AcmeErrorType;
  /** Time to leave the authority alone, where it asked for one. */
  readonly retryAfterMs: number | undefined;

  constructor(
    type: AcmeErrorType,
    message: string,
    { retryAfterMs, cause }: { readonly retryAfterMs?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super(oneLine(message), cause === undefined ? undefined : { cause });
    this.type = type;
    this.retryAfterMs = retryAfterMs;
  }

  get isRateLimit(): boolean {
    return this.type === RATE_LIMITED;
  }
}

const LONGEST = 500;

const oneLine = (text: string): string => text.replaceAll(/[^\u0020-\u007e]+/g, " ").slice(0, LONGEST);

/** An answer that RFC 8555 does not allow. */
export const unexpected = (message: string, cause?: unknown): AcmeError =>
  new AcmeError("unexpected-answer", message, { cause });
