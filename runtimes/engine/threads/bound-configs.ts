/** Configs with the addresses that all threads share. */
import type { Config } from "../../../src/config/types.ts";
import type { ServeOptions } from "../../serving.ts";
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
  #ports: ReadonlyMap<string, number> = new Map();

  constructor(options: Pick<ServeOptions, "host" | "port">) {
    this.#options = options;
  }

  /** @throws ServeError when an address can't be had. */
  async bind(config: Config, explicit: ReadonlySet<string>): Promise<BoundConfig> {
    const { host, port } = this.#options;
    const listen = { ...config.listen, host: host ?? config.listen.host, port: port ?? config.listen.port };
    const { ports, listen: claimed } = await claimPorts(listen, this.#ports);
    return {
      config: { ...config, listen: claimed },
      explicit: host === undefined ? explicit : explicit.union(new Set(["listen.host"])),
      keep: () => {
        this.#ports = ports;
      },
    };
  }
}
