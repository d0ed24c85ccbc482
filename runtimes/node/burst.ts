/** Small answers, sent one right after the other. */

/** Has something to send. */
export interface Sender {
  /** Called once. MUST NOT throw. */
  sendNow(): void;
}

/**
 * Sends at the end of this turn of the event loop, together with everything else that became ready in it.
 *
 * A write to a peer that sleeps makes the system wake it, which takes it several times as long as the write does. Peers
 * of a burst wake once, and are still busy with its first answer when the others come.
 */
export class Burst {
  #waiting: Sender[] = [];

  add(sender: Sender): void {
    if (this.#waiting.push(sender) === 1) setImmediate(this.#sendAll);
  }

  readonly #sendAll = (): void => {
    const senders = this.#waiting;
    this.#waiting = [];
    for (const sender of senders) sender.sendNow();
  };
}
