/** Private keys in files of their own: nobody but their owner may read them. */
import type { ConfigPath, ConfigProblem } from "./problem.ts";

const READABLE_BY_OTHERS = 0o044;

/** Whether a private key stands at `path`. */
export const isKeyPlace = (path: ConfigPath): boolean =>
  path[0] === "upstreams" && path.length === 4 && path[2] === "tls" && path[3] === "key";

/**
 * Problems of `files`, each named by the key at its path. `modeOf` resolves to a file's permission bits, to undefined
 * where there are none or the file can't be looked at.
 */
export const exposedKeys = async (
  files: readonly { readonly path: ConfigPath; readonly file: string }[],
  modeOf: (file: string) => Promise<number | undefined>,
): Promise<ConfigProblem[]> => {
  const problems = files.map(async ({ path, file }): Promise<ConfigProblem[]> => {
    const mode = (await modeOf(file)) ?? 0;
    const message = `others than its owner may read ${file}; run "chmod 600 ${file}"`;
    return (mode & READABLE_BY_OTHERS) === 0 ? [] : [{ path, at: "value", message }];
  });
  return (await Promise.all(problems)).flat();
};
