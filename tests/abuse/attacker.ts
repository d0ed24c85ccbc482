/**
 * A process of its own: bad clients. Arguments: attack, plain port, TLS port, count. Prints `ready` when all are in place, `done`
 * when the attack has ended by itself, and ends with SIGTERM.
 */
import { ATTACKS, type AttackName } from "./attacks.ts";

const [name = "none", port, tlsPort, count] = process.argv.slice(2);
const attack = ATTACKS[name as AttackName]({ port: Number(port), tlsPort: Number(tlsPort) }, Number(count));
process.once("SIGTERM", () => {
  attack.stop();
  // What was destroyed is closed in the next turns of the loop.
  setTimeout(() => process.exit(0), 500);
});
void attack.ready.then(() => process.stdout.write("ready\n"));
void attack.done?.then(() => process.stdout.write("done\n"));
