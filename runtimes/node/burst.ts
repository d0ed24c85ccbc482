/** Small answers, sent one right after the other. */

/** Has something to send. */
export interface Sender {
  /** Called once. MUST NOT throw. */
  sendNow(): void;
}

let waiting: Sender[] = [];

/**
 * Sends at the end of this turn of the event loop, together with everything else that became ready in it.
 *
 * A write to a peer that sleeps makes the system wake it, which takes it several times as long as the write does. Peers
 * of a burst wake once, and are still busy with its first answer when the others come.
 */
export const sendInBurst = (sender: Sender): void => {
  if (waiting.push(sender) === 1) setImmediate(sendAll);
};

const sendAll = (): void => {
  const senders = waiting;
  waiting = [];
  for (const sender of senders) sender.sendNow();
};
