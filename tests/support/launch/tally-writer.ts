/** A thread that counts: what it adds to "limited" and for clients it takes back, and fails where the limit does not hold. */
import { workerData } from "node:worker_threads";
import { type SharedTallies, Tallies } from "../../../runtimes/engine/threads/tallies.ts";

interface Order {
  readonly shared: SharedTallies;
  readonly row: number;
  readonly times: number;
}

const { shared, row, times } = workerData as Order;
const tallies = new Tallies(shared, row);
const limited = tallies.tally("limited");
for (let i = 0; i < times; i += 1) {
  tallies.tally("kept").add();
  if (limited.tryAdd(1)) {
    if (limited.total > 2) throw new Error(`the limit does not hold: ${limited.total}`);
    limited.remove();
  }
  const client = `10.0.0.${i % 50}`;
  if (tallies.tryAddClient(client, 1)) tallies.removeClient(client);
}
