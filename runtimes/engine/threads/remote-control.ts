/** The control of the process, as a thread has it that answers requests: the main thread does what is asked. */
import type { Change, Control } from "../../../handlers/control.ts";
import type { MainMethods } from "./messages.ts";
import type { Peer } from "./peer.ts";

/** What the main thread answers. */
export type ControlCalls = Omit<Control, "subscribe">;

export class RemoteControl implements Control {
  readonly #main: Peer<MainMethods>;
  readonly #listeners: Set<(change: Change) => void> = new Set();

  constructor(main: Peer<MainMethods>) {
    this.#main = main;
  }

  snapshot: Control["snapshot"] = () => this.#main.call("snapshot");
  act: Control["act"] = (action, actor) => this.#main.call("act", action, actor);
  config: Control["config"] = () => this.#main.call("config");
  checkConfig: Control["checkConfig"] = (document) => this.#main.call("checkConfig", document);
  putConfig: Control["putConfig"] = (document, actor) => this.#main.call("putConfig", document, actor);
  connections: Control["connections"] = (query) => this.#main.call("connections", query);
  explain: Control["explain"] = (request) => this.#main.call("explain", request);
  failures: Control["failures"] = () => this.#main.call("failures");

  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#main.tell("watch", true);
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#main.tell("watch", false);
    };
  }

  /** The main thread tells of a change. */
  changed(change: Change): void {
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch {
        // A listener's failure is not the change's.
      }
    }
  }
}
