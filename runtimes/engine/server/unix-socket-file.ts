/** The file of a Unix socket: taken over from a server that is gone, with its permissions from the first moment on. */
import { chmod, lstat, mkdtemp, rename, rm, rmdir, unlink } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { errorCode } from "../../error-code.ts";
import { ServeError } from "../../serving.ts";

export interface UnixSocketFile {
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  /** Whether a program may listen there until this one does. @default false */
  readonly replacesFile?: boolean;
}

/** Removes the file, unless another one has taken its place. */
export type ReleaseFile = () => Promise<void>;

/**
 * Has `listen` bind a socket at a path of its own, and puts it at `path` then: nobody can connect before the permissions are
 * right, and a file that a dead server left behind is replaced at once.
 *
 * @throws ServeError where something listens there, or something other than a socket is there.
 */
export const bindUnixSocket = async (
  { path, mode, replacesFile = false }: UnixSocketFile,
  listen: (path: string) => Promise<void>,
): Promise<ReleaseFile> => {
  if (!replacesFile) await refuseUnlessFree(path);
  const directory = await privateDirectory(path);
  const draft = join(directory, "s");
  try {
    await listen(draft);
    await chmod(draft, mode);
    const { dev, ino } = await lstat(draft);
    await rename(draft, path);
    return async () => {
      const now = await lstat(path).catch(() => undefined);
      if (now?.dev === dev && now.ino === ino) await unlink(path).catch(() => {});
    };
  } catch (cause) {
    await rm(draft, { force: true });
    throw cause instanceof ServeError ? cause : refusal(path, cause);
  } finally {
    await rmdir(directory).catch(() => {});
  }
};

/** Beside the socket, so that it can be renamed from there. */
const privateDirectory = async (path: string): Promise<string> => {
  try {
    return await mkdtemp(join(dirname(path), ".f-"));
  } catch (cause) {
    throw refusal(path, cause);
  }
};

const refusal = (path: string, cause: unknown): ServeError => {
  const code = errorCode(cause);
  const why =
    code === "ENOENT"
      ? "there is no such directory"
      : code === "EACCES" || code === "EPERM" || code === "EROFS"
        ? "not allowed to make files in its directory"
        : `it failed${code === undefined || code === "" ? "" : ` with ${code}`}`;
  return new ServeError(`cannot listen on the socket ${path}: ${why}`, { cause });
};

const refuseUnlessFree = async (path: string): Promise<void> => {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) throw new ServeError(`${path} is no socket; remove it or choose another path`);
  if (await isAlive(path)) {
    throw new ServeError(`another program listens on the socket ${path}; stop it or choose another path`);
  }
};

/** Nothing but a refused connection tells that nothing listens. */
const isAlive = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.on("connect", () => settle(true));
    socket.on("error", (error) => settle(!["ECONNREFUSED", "ENOENT"].includes(errorCode(error) ?? "")));
  });
