/** Files that a command names. */
import { errorCode } from "../runtimes/error-code.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";
import type { Host } from "./host.ts";

/** `path` as it stands when absolute, else below `cwd`. */
export const resolvePath = (cwd: string, path: string): string =>
  path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path) ? path : `${cwd}/${path}`;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "its directory does not exist",
  ENOTDIR: "its directory does not exist",
  EACCES: "no permission",
  EPERM: "no permission",
  EROFS: "the file system is read-only",
  EISDIR: "it is a directory",
  ENOSPC: "the disk is full",
};

/** Writes `file`, seen from the working directory. Throws `CliError` with the reason where it can't. */
export const writeFileAt = async (
  host: Host,
  file: string,
  text: string,
  { isSecret = false }: { readonly isSecret?: boolean } = {},
): Promise<void> => {
  try {
    const path = resolvePath(host.cwd, file);
    await (isSecret ? host.writeSecret(path, text) : host.writeText(path, text));
  } catch (thrown) {
    throw cantWrite(file, thrown);
  }
};

/** The sentence for what the file system has against writing `file`. */
export const cantWrite = (file: string, thrown: unknown): CliError => {
  const code = errorCode(thrown) ?? (thrown instanceof Error ? thrown.message : String(thrown));
  return new CliError(EXIT.failed, `can't write ${file}: ${REASONS[code] ?? code}`, "name another file");
};
