/** Codes of the runtimes' errors. */

/** The code of a system error, e.g. "ENOENT"; undefined where there is none. */
export const errorCode = (thrown: unknown): string | undefined =>
  thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;
