/** ACME for a running server. What it takes is imported by the first config that uses it: a start without is faster. */
import type { Config } from "../../src/config/types.ts";
import type { AcmeListeners, AcmeOptions, AcmeServer } from "./acme/acme-listeners.ts";

export class AcmeOnDemand {
  readonly #options: AcmeOptions;
  /** From the first config on that uses it. */
  #server: Promise<AcmeServer> | undefined;

  constructor(options: AcmeOptions) {
    this.#options = options;
  }

  /** Undefined where neither `config` nor one before it uses ACME. @throws ConfigError where a storage can't be written. */
  async prepare(config: Config): Promise<AcmeListeners | undefined> {
    if (usesAcme(config)) this.#server ??= this.#load();
    return (await this.#server)?.prepare(config);
  }

  async close(): Promise<void> {
    await (await this.#server)?.close();
  }

  async #load(): Promise<AcmeServer> {
    const { AcmeServer: Server } = await import("./acme/acme-listeners.ts");
    return new Server(this.#options);
  }
}

const usesAcme = ({ listen }: Config): boolean =>
  [listen, ...listen.also].some(({ tls }) => tls?.acme !== undefined);
