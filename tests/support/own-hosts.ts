/** A process with a hosts file of its own: a mount namespace hides the machine's, which stays as it is. */
import { spawnSync } from "node:child_process";
import process from "node:process";

/** Addresses by name, in the order that a lookup gives them. */
export type Hosts = Readonly<Record<string, readonly string[]>>;

/** As text of a hosts file. */
export const hostsText = (hosts: Hosts): string =>
  Object.entries({ localhost: ["127.0.0.1"], ...hosts })
    .flatMap(([name, addresses]) => addresses.map((address) => `${address} ${name}\n`))
    .join("");

/** Root needs no user namespace, and some machines allow nobody else one. */
const NAMESPACE = process.getuid?.() === 0 ? "-m" : "-rm";

/** `command` as one that sees `file` as its hosts file; it keeps the process id. */
export const withOwnHosts = (file: string, command: readonly string[]): readonly string[] => [
  "unshare",
  NAMESPACE,
  "sh",
  "-c",
  'mount --bind "$0" /etc/hosts && exec "$@"',
  file,
  ...command,
];

/** Whether this machine lets the tests do that. */
export const canHaveOwnHosts = (): boolean => {
  const [command = "", ...args] = withOwnHosts("/etc/hosts", ["true"]);
  return spawnSync(command, args).status === 0;
};
