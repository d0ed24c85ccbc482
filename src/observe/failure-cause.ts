/** Why an exchange or an attempt failed, for operators. */
import type { ProxyError } from "../core/errors.ts";

const MAX_CAUSES = 4;
const MAX_CHARACTERS = 400;

/**
 * Our own sentence, and the codes of the errors behind it. Nothing of what a runtime says: its messages may hold addresses and
 * secrets, its codes don't.
 */
export const failureCause = (error: ProxyError): string => {
  const codes: string[] = [];
  let cause: unknown = error.cause;
  for (let depth = 0; cause instanceof Error && depth < MAX_CAUSES; depth += 1) {
    const code = "code" in cause ? cause.code : undefined;
    const name = typeof code === "string" ? code : error.code === "internal" ? cause.name : undefined;
    if (name !== undefined && !codes.includes(name)) codes.push(name);
    cause = cause.cause;
  }
  const sentence = codes.length === 0 ? error.message : `${error.message} (${codes.join(", ")})`;
  return sentence.slice(0, MAX_CHARACTERS);
};

/** Whether the proxy or an upstream failed, and not the client. */
export const isOwnFailure = (error: ProxyError | undefined): error is ProxyError =>
  error !== undefined && error.kind.fault !== "client";
