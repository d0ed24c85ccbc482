/** Certificates and keys of a config: a closer look than at other settings. */
import type { InspectTls } from "../core/tls-inspection.ts";
import type { ConfigPath, ConfigProblem } from "./problem.ts";
import { isRecord, valueAt } from "./tree.ts";

/** What a look at certificates and at files of keys takes. */
export interface CertificateAccess {
  readonly inspect: InspectTls;
  /** Who may read a file. Undefined where that is not known, as on Windows. */
  readonly accessTo: (path: string) => Promise<FileMode | undefined>;
}

/** Permissions of a file. */
export interface FileMode {
  /** Permission bits. */
  readonly mode: number;
  /** Whether the file's group is one of the process's own. */
  readonly isOwnGroup: boolean;
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** An object that holds certificates and keys, and where it stands. */
interface Holder {
  readonly path: ConfigPath;
  readonly value: unknown;
}

const upstreamHolders = (config: unknown): Holder[] => {
  const upstreams = valueAt(config, ["upstreams"]);
  return Object.entries(isRecord(upstreams) ? upstreams : {}).map(([name, upstream]) => ({
    path: ["upstreams", name, "tls"],
    value: isRecord(upstream) ? upstream["tls"] : undefined,
  }));
};

const listenHolders = (config: unknown): Holder[] => {
  const also = valueAt(config, ["listen", "also"]);
  const paths: ConfigPath[] = [
    ["listen", "tls"],
    ...(Array.isArray(also) ? also : []).map((_, index) => ["listen", "also", index, "tls"]),
  ];
  return paths.flatMap((path): Holder[] => {
    const value = valueAt(config, path);
    const more: unknown = isRecord(value) ? value["certificates"] : undefined;
    return [
      { path, value },
      ...(Array.isArray(more) ? more : []).map((each: unknown, index) => ({
        path: [...path, "certificates", index],
        value: each,
      })),
    ];
  });
};

/** What `inspect` finds in a config, whether it is as written (references resolved) or as parsed. */
export const checkTls = (config: unknown, inspect: InspectTls): ConfigProblem[] =>
  [...listenHolders(config), ...upstreamHolders(config)].flatMap(({ path, value }) => {
    if (!isRecord(value)) return [];
    const { ca, cert, key } = value as Readonly<Record<"ca" | "cert" | "key", unknown>>;
    return inspect({ ca: textOf(ca), cert: textOf(cert), key: textOf(key) }).map(
      ({ setting, message }): ConfigProblem => ({ path: [...path, setting], at: "value", message }),
    );
  });

const [BY_GROUP, BY_OTHERS] = [0o040, 0o004];

/**
 * Why the private key at `path`, from `file`, is open to too many. A group that the process itself is in may read it:
 * that is how an orchestrator gives a key to a container (Kubernetes' `fsGroup`).
 */
export const exposedKey = (
  path: ConfigPath,
  file: string,
  { mode, isOwnGroup }: FileMode,
): ConfigProblem[] => {
  const isExposed = (mode & BY_OTHERS) !== 0 || ((mode & BY_GROUP) !== 0 && !isOwnGroup);
  const message = `others than its owner may read ${file}; run "chmod 600 ${file}"`;
  return isExposed ? [{ path, at: "value", message }] : [];
};
