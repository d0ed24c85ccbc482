/** Certificates and keys of a config: a closer look than at other settings. */
import type { InspectTls } from "../core/tls-inspection.ts";
import { type ConfigPath, type ConfigProblem, problemAt } from "./problem.ts";
import { atOrBelow, memberOf, type Schema } from "./schema/schema.ts";
import { configSchema } from "./settings/config.ts";
import { membersOf, valueAt } from "./tree.ts";

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

interface Inspection {
  readonly inspect: InspectTls;
  /** Whether there may be a certificate at a place or below it: configs are large. */
  readonly mayHold: (schema: Schema | undefined) => boolean;
}

const hasCertificate = ({ settings }: Schema): boolean =>
  settings?.["cert"] !== undefined || settings?.["ca"] !== undefined;

const inspectBelow = (
  schema: Schema | undefined,
  value: unknown,
  path: ConfigPath,
  inspection: Inspection,
): ConfigProblem[] => {
  if (typeof value !== "object" || value === null || !inspection.mayHold(schema)) return [];
  const below = membersOf(schema, value).flatMap(({ key, schema: inner, value: member }) =>
    inspectBelow(inner, member, [...path, key], inspection),
  );
  if (schema === undefined || !hasCertificate(schema)) return below;
  const { ca, cert, key } = value as Readonly<Record<"ca" | "cert" | "key", unknown>>;
  const found = inspection.inspect({ ca: textOf(ca), cert: textOf(cert), key: textOf(key) });
  return [...found.map(({ setting, message }) => problemAt([...path, setting], message)), ...below];
};

/** What `inspect` finds in a config, whether it is as written (references resolved) or as parsed. */
export const checkTls = (config: unknown, inspect: InspectTls): ConfigProblem[] => {
  const inspection = { inspect, mayHold: atOrBelow(hasCertificate) };
  return ["listen", "admin", "upstreams"].flatMap((key) =>
    inspectBelow(memberOf(configSchema, key), valueAt(config, [key]), [key], inspection),
  );
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
