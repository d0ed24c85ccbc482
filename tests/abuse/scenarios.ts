/** Who attacks, how many they are, and what that may cost. */
import type { AttackName } from "./attacks.ts";

export interface Scenario {
  readonly name: string;
  readonly attack: AttackName;
  readonly count: number;
  /** In the short form, which leaves out what has none. */
  readonly short?: number;
  /** Honest clients speak TLS, as the bad ones do. @default false */
  readonly tls?: boolean;
  /** Most resident memory that one bad client may cost, KiB. */
  readonly kibEach?: number;
  /** The attack ends by itself; it is waited for. */
  readonly ends?: boolean;
  /** It comes twice; the second wave may add 10 % to the memory that the proxy had in the first one. */
  readonly twice?: boolean;
  /** No honest clients: whether memory grows over minutes. */
  readonly endurance?: boolean;
}

export const SCENARIOS: readonly Scenario[] = [
  { name: "calm", attack: "none", count: 0, short: 0 },
  { name: "calm, TLS", attack: "none", count: 0, short: 0, tls: true },
  { name: "1-byte chunks", attack: "tinyChunks", count: 4, short: 4 },
  { name: "slow readers", attack: "slowReaders", count: 300, short: 100, kibEach: 256 },
  { name: "slow writers", attack: "slowWriters", count: 300 },
  { name: "slow headers", attack: "slowHeaders", count: 1_000, short: 250 },
  { name: "idle connections", attack: "idle", count: 9_000, short: 1_000, kibEach: 12, twice: true },
  {
    name: "idle TLS connections",
    attack: "idleTls",
    count: 9_000,
    short: 250,
    tls: true,
    kibEach: 64,
    twice: true,
  },
  { name: "handshakes", attack: "handshakes", count: 16, short: 2, tls: true },
  { name: "tickets, good and bad", attack: "tickets", count: 16, tls: true },
  { name: "stuck handshakes", attack: "stuckHandshakes", count: 1_000, tls: true },
  { name: "renegotiation", attack: "renegotiation", count: 16, short: 2, tls: true },
  { name: "1-byte WebSocket messages", attack: "tinyFrames", count: 4, short: 4 },
  { name: "WebSocket frames bytewise", attack: "bytewiseFrames", count: 16 },
  { name: "unread tunnels", attack: "unreadTunnels", count: 300, short: 50, kibEach: 256 },
  { name: "opened and closed", attack: "openAndClose", count: 50_000, short: 1_000, ends: true },
  { name: "aborted transfers", attack: "abortedTransfers", count: 10_000, short: 500, ends: true },
  { name: "full load", attack: "fullLoad", count: 64, endurance: true },
];
