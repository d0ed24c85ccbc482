/** Certificates and keys of a config: a closer look than at other settings. */
import type { InspectTls } from "../core/tls-inspection.ts";
import { type ConfigPath, type ConfigProblem, problemAt } from "./problem.ts";
import { atOrBelow, type Schema } from "./schema/schema.ts";
import { configSchema } from "./settings/config.ts";
import { isRecord, walk } from "./tree.ts";

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

const hasCertificate = ({ settings }: Schema): boolean =>
  settings?.["cert"] !== undefined || settings?.["ca"] !== undefined;

/** What `inspect` finds in a config, whether it is as written (references resolved) or as parsed. */
export const checkTls = (config: unknown, inspect: InspectTls): ConfigProblem[] => {
  const found: ConfigProblem[] = [];
  const mayHold = atOrBelow(hasCertificate);
  walk(configSchema, config, {
    enters: ({ schema }) => mayHold(schema),
    visit: ({ schema, value, path }) => {
      if (!hasCertificate(schema) || !isRecord(value)) return;
      const { ca, cert, key } = value;
      const texts = { ca: textOf(ca), cert: textOf(cert), key: textOf(key) };
      for (const { setting, message } of inspect(texts)) found.push(problemAt([...path, setting], message));
    },
  });
  return found;
};

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
  return isExposed ? [problemAt(path, message)] : [];
};
