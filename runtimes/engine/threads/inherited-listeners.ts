/** Listening sockets of a process before this one, spread over threads. */
import type { Inheritance, InheritedSocket } from "../../inheritance.ts";
import { InheritedSockets, type WantedListener } from "../inheritance/inherited-sockets.ts";

export class InheritedListeners {
  readonly #sockets: InheritedSockets;
  readonly #threads: number;
  readonly #byName: Map<string, readonly InheritedSocket[]> = new Map();
  /** Places whose first thread has got its sockets. Another one in a place opens its own. */
  readonly #served: Set<number> = new Set();

  constructor(inheritance: Inheritance, threads: number) {
    this.#sockets = new InheritedSockets(inheritance);
    this.#threads = threads;
  }

  /** Takes the sockets of a listener. @returns the port that they have; undefined where there are none. */
  portOf(listener: WantedListener): number | undefined {
    const taken = this.#sockets.take(listener);
    const [first] = taken;
    if (first === undefined) return undefined;
    this.#byName.set(listener.name, taken);
    return first.bound !== undefined && "port" in first.bound ? first.bound.port : undefined;
  }

  /** Sockets for the thread that begins in a place: all of a listener's go to some thread, since their queues may hold clients. */
  of(place: number): Inheritance | undefined {
    if (this.#served.has(place)) return undefined;
    this.#served.add(place);
    const sockets = [...this.#byName].flatMap(([name, all]) =>
      all
        .filter((_, index) => index % this.#threads === place)
        .map((socket) => ({ ...socket, name, hasChosenName: true })),
    );
    return { by: "predecessor", sockets };
  }

  /** What no listener has taken, for the admin listener. */
  get left(): Inheritance {
    return this.#sockets.left;
  }
}
