/** Puts other configs into effect while the proxy runs. */
import { ConfigError } from "../src/config/config-error.ts";
import type { LoadedConfig } from "../src/config/load.ts";
import type { Serving } from "../runtimes/serving.ts";
import { CliError } from "./cli-error.ts";
import { refuseUnsupported } from "./configured.ts";
import { EXIT } from "./exit-codes.ts";
import { failureReason, showFailure } from "./failure.ts";
import type { Host } from "./host.ts";

export interface ReloaderParts {
  readonly host: Host;
  /** Called once it serves: configs may be adopted before. */
  readonly servingOf: () => Serving;
  /** The config in effect, and when reading it began, in milliseconds since 1970. */
  readonly loaded: LoadedConfig;
  readonly readAt: number;
  /** Loads the config once more, files and modules included. */
  readonly reload: () => Promise<LoadedConfig | undefined>;
}

/** Loads a config; undefined where there is none. */
type Load = () => Promise<LoadedConfig | undefined>;

/** One change after the other. A bad config is told, and changes nothing. */
export class Reloader {
  readonly #parts: ReloaderParts;
  #loaded: LoadedConfig;
  #readAt: number;
  #last: Promise<unknown> = Promise.resolve();
  /** Changes that have not begun. */
  readonly #waiting: Map<string, Promise<boolean>> = new Map();

  constructor(parts: ReloaderParts) {
    this.#parts = parts;
    this.#loaded = parts.loaded;
    this.#readAt = parts.readAt;
  }

  /** The config in effect. */
  get loaded(): LoadedConfig {
    return this.#loaded;
  }

  /** Takes note of a config that was put into effect some other way. */
  adopt(loaded: LoadedConfig): void {
    this.#loaded = loaded;
    this.#readAt = this.#parts.host.epoch();
  }

  /** Reads everything anew. Resolves to whether it is in effect. */
  reload(): Promise<boolean> {
    return this.#next("reload", this.#parts.reload);
  }

  /** Reads the files anew that the config in effect names, and not the config file. Resolves to whether they are in effect. */
  rereadFiles(): Promise<boolean> {
    return this.#next("files", () => this.#loaded.reread());
  }

  /** Watches certificates and keys; with `watchesAll` the config, its modules and all files that it names. Returns what ends it. */
  watch(watchesAll: boolean): () => void {
    const { host } = this.#parts;
    return host.whenChanged(
      () => ({
        files: watchesAll ? [...this.#loaded.files, ...host.modules.files] : this.#loaded.tlsFiles,
        readAt: this.#readAt,
      }),
      () => void (watchesAll ? this.reload() : this.rereadFiles()),
    );
  }

  /** A change of the same kind that waits already will find the same. */
  #next(kind: string, load: Load): Promise<boolean> {
    const waiting = this.#waiting.get(kind);
    if (waiting !== undefined) return waiting;
    const change = this.#last.then(() => {
      this.#waiting.delete(kind);
      return this.#change(load);
    });
    this.#waiting.set(kind, change);
    this.#last = change;
    return change;
  }

  async #change(load: Load): Promise<boolean> {
    const { host } = this.#parts;
    const serving = this.#parts.servingOf();
    const readAt = host.epoch();
    const before = this.#loaded;
    const isSuperseded = (): boolean => load !== this.#parts.reload && this.#loaded !== before;
    let loaded: LoadedConfig | undefined;
    try {
      loaded = await load();
      if (loaded === undefined) throw new CliError(EXIT.usage, "there is no config any more", "put it back");
      await refuseUnsupported(loaded, host.profile);
      const prepared = await serving.prepare(loaded.config, loaded.explicit, loaded);
      if (isSuperseded()) {
        // Another config has come meanwhile, by the admin API: its files are read.
        await prepared.discard();
        return this.#change(load);
      }
      prepared.commit();
    } catch (thrown) {
      this.#refused(await locatedIn(loaded, thrown));
      return false;
    }
    this.#loaded = loaded;
    this.#readAt = readAt;
    host.stderr.write(`reloaded: ${loaded.sources.join(", ")} (config ${serving.generation})\n`);
    return true;
  }

  #refused(thrown: unknown): void {
    const { host, servingOf } = this.#parts;
    showFailure(host, thrown);
    host.stderr.write("the config before goes on, nothing has changed\n");
    servingOf().noteRefusal(failureReason(thrown));
  }
}

/** A server knows no places in files. */
const locatedIn = async (loaded: LoadedConfig | undefined, thrown: unknown): Promise<unknown> =>
  thrown instanceof ConfigError &&
  loaded !== undefined &&
  thrown.problems.every(({ place }) => place === undefined)
    ? new ConfigError(await loaded.located(thrown.problems))
    : thrown;
