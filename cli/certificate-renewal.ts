/** Certificates that are exchanged while the proxy runs. */
import { ConfigError } from "../src/config/config-error.ts";
import type { LoadedConfig } from "../src/config/load.ts";
import { showPath } from "../src/config/problem.ts";
import type { Serving } from "../runtimes/serving.ts";
import type { Host } from "./host.ts";

/** What a renewal takes. */
export interface Renewal {
  readonly loaded: LoadedConfig;
  /** Loads the config once more, files included. */
  readonly reload: () => Promise<LoadedConfig | undefined>;
}

const reasonOf = (thrown: unknown): string => {
  if (thrown instanceof ConfigError) {
    return thrown.problems.map(({ path, message }) => `${showPath(path)}: ${message}`).join("; ");
  }
  return thrown instanceof Error ? thrown.message : String(thrown);
};

/**
 * Loads the certificates of `listen.tls` anew whenever one of their files changes. What can't be used is told, and changes
 * nothing. Returns a function that ends this.
 */
export const renewCertificates = (
  host: Host,
  serving: Serving,
  { loaded, reload }: Renewal,
): (() => void) => {
  if (loaded.tlsFiles.length === 0) return () => {};
  const renew = async (): Promise<void> => {
    try {
      const renewed = await reload();
      if (renewed === undefined) throw new TypeError("there is no config any more");
      serving.useCertificates(renewed.config.listen);
      host.stderr.write("the certificates of listen.tls were read anew\n");
    } catch (thrown) {
      host.stderr.write(`the certificates of listen.tls stay as they were: ${reasonOf(thrown)}\n`);
    }
  };
  return host.whenChanged(loaded.tlsFiles, () => void renew());
};
