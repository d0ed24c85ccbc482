/** Configs with the addresses that all threads share. */
import type { Config } from "../../../src/config/types.ts";
import type { ServeOptions } from "../../serving.ts";
import type { InheritedListeners } from "./inherited-listeners.ts";
import { claimPorts } from "./ports.ts";

export interface BoundConfig {
  /** With a port in place of each 0, and what the options of the start say. */
  readonly config: Config;
  readonly explicit: ReadonlySet<string>;
  /** The config is in effect: its ports are in use from now on. */
  readonly keep: () => void;
}

export class BoundConfigs {
  readonly #options: Pick<ServeOptions, "host" | "port">;
  readonly #inherited: InheritedListeners | undefined;
  #ports: ReadonlyMap<string, number> = new Map();

  /** @param inherited sockets that are open already, for the first config */
  constructor(options: Pick<ServeOptions, "host" | "port">, inherited?: InheritedListeners) {
    this.#options = options;
    this.#inherited = inherited;
  }

  /** @throws ServeError when an address can't be had. */
  async bind(config: Config, explicit: ReadonlySet<string>): Promise<BoundConfig> {
    const { host, port } = this.#options;
    const listen = { ...config.listen, host: host ?? config.listen.host, port: port ?? config.listen.port };
    const { ports, listen: claimed } = await claimPorts(listen, this.#ports, this.#inherited);
    return {
      config: { ...config, listen: claimed },
      explicit: host === undefined ? explicit : explicit.union(new Set(["listen.host"])),
      keep: () => {
        this.#ports = ports;
      },
    };
  }
}
