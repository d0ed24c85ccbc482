/** Why a connection failed, for people. */

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  ENOTFOUND: "no such host",
  EAI_AGAIN: "the name can't be resolved",
  ENOENT: "no such socket",
  EACCES: "no permission",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "network unreachable",
  ETIMEDOUT: "timed out",
};

/** By the error's code; its own message where that is not known. */
export const reasonFor = (error: NodeJS.ErrnoException): string => REASONS[error.code ?? ""] ?? error.message;
