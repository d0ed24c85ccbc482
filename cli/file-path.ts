/** `path` as it stands when absolute, else below `cwd`. */
export const resolvePath = (cwd: string, path: string): string =>
  path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path) ? path : `${cwd}/${path}`;

/** The code of a system error, e.g. "ENOENT". */
export const errorCode = (thrown: unknown): string | undefined =>
  thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;
