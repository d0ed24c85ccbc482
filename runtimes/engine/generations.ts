/** The configs of a running server, one after the other. */
import type { ConfigOrigin } from "../../handlers/config-document.ts";
import type { Config } from "../../src/config/types.ts";
import type { LogEvent } from "../../src/observe/event-log.ts";
import { logTargets } from "../../src/observing.ts";
import { refuseUnsupported } from "../refuse.ts";
import { type PreparedConfig, ServeError } from "../serving.ts";
import { type Generation, prepareGeneration } from "./generation.ts";
import { preparedTogether } from "./prepared-together.ts";
import type { ServerComposition } from "./server-composition.ts";
import { refuseOtherThreads } from "./thread-part.ts";
import { Turn } from "./turn.ts";

export interface GenerationsOptions {
  /** Whether no config may take effect any more. */
  readonly isStopping: () => boolean;
  /** Called when a config has taken effect. */
  readonly changed: (before: Generation | undefined) => void;
  /** Writes an event into the log of the config in effect. */
  readonly emit: (event: LogEvent) => void;
}

export class Generations {
  readonly #server: ServerComposition;
  readonly #options: GenerationsOptions;
  /** One config is prepared at a time. */
  readonly #turn = new Turn();
  #current: Generation | undefined;
  #origin: ConfigOrigin | undefined;

  constructor(server: ServerComposition, options: GenerationsOptions) {
    this.#server = server;
    this.#options = options;
  }

  /** In effect; undefined before the first commit. */
  get current(): Generation | undefined {
    return this.#current;
  }
  /** Of the config in effect. */
  get origin(): ConfigOrigin | undefined {
    return this.#origin;
  }

  /** As `Serving.prepare`. */
  async prepare(
    config: Config,
    explicit: ReadonlySet<string> | undefined,
    origin: ConfigOrigin | undefined,
  ): Promise<PreparedConfig> {
    const end = await this.#turn.take();
    try {
      const prepared = await this.#prepare(config, explicit);
      let isOver = false;
      return {
        commit: () => {
          if (isOver) return;
          isOver = true;
          end();
          this.#origin = origin;
          prepared.commit();
        },
        discard: async () => {
          if (isOver) return;
          isOver = true;
          // The next config may open the same sockets.
          await prepared.discard().finally(() => {
            this.#closeLogs();
            end();
          });
        },
      };
    } catch (error) {
      this.#closeLogs();
      end();
      throw error;
    }
  }

  /** Closes log files that were opened for a config that is given up. */
  #closeLogs(): void {
    if (this.#current !== undefined)
      this.#server.lasting.platform.logs?.keepOnly(logTargets(this.#current.config));
  }

  /** Handshakes from now on get the certificates that are in use now. Never rejects. */
  async exchangeCertificates(): Promise<void> {
    const end = await this.#turn.take();
    try {
      if (this.#current === undefined || this.#server.lasting.lifecycle.draining) return;
      (await this.#server.sockets.prepare(this.#current.sockets)).commit();
      this.#watchCertificates(this.#current);
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      this.#options.emit({
        category: "acme",
        level: "error",
        message: `the certificates of the listeners stay as they were: ${reason}`,
      });
    } finally {
      end();
    }
  }

  async #prepare(config: Config, explicit: ReadonlySet<string> | undefined): Promise<PreparedConfig> {
    const { lasting, admin, sockets } = this.#server;
    if (this.#options.isStopping()) throw new ServeError("the server is stopping");
    refuseUnsupported(config, lasting.platform, explicit);
    refuseOtherThreads(this.#current?.config, config);
    const next = await prepareGeneration(config, explicit, lasting);
    const opened = await preparedTogether([
      // Its certificates are taken back where a socket can't be opened.
      async () => ({ commit: () => {}, discard: () => next.discard() }),
      ...(lasting.part?.role === "serving" ? [] : [() => admin.prepare(config, next.observation)]),
      () => sockets.prepare(next.sockets),
    ]);
    return {
      commit: () => {
        if (this.#options.isStopping()) void opened.discard();
        else this.#commit(next, opened);
      },
      discard: () => opened.discard(),
    };
  }

  #commit(next: Generation, opened: PreparedConfig): void {
    const { lasting, retired, history } = this.#server;
    const before = this.#current;
    before?.stop();
    next.takeEffect();
    this.#current = next;
    opened.commit();
    next.start();
    if (before !== undefined) retired.retire(before.gateway.plan, next.gateway.plan);
    lasting.platform.logs?.keepOnly(logTargets(next.config));
    history.noteApplied();
    this.#watchCertificates(next);
    this.#options.changed(before);
  }

  /** The main thread does it for all. */
  #watchCertificates({ certificates }: Generation): void {
    const { lasting, certificates: watch } = this.#server;
    if (lasting.part?.role !== "serving") watch.watch(certificates);
  }
}
