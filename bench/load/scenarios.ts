/** What is asked of every contender. */
import { type Ability, type ContenderGroup, GROUPS } from "./contender.ts";

export interface Scenario {
  readonly name: string;
  /** For table heads. */
  readonly title: string;
  /**
   * `closed`: wrk, each connection asks again as soon as it is answered. `half`: paced/paced.c, at half of the rate
   * that the contender reached in a closed run just before. `handshakes`: handshakes/handshakes.c, full TLS handshakes in
   * turn, each with one request. `websocket`: websocket/websocket.c, messages that the origin echoes.
   */
  readonly load: "closed" | "half" | "handshakes" | "websocket";
  /** Lua script in wrk/. */
  readonly script: "request.lua" | "mix.lua";
  readonly path: string;
  readonly method: "GET" | "POST";
  /** Bytes of the request body. */
  readonly bodyBytes: number;
  /** Request fields: three, or a browser's fourteen. */
  readonly fields: "plain" | "browser";
  readonly connections: number;
  /** Share of answers with a status of 400 and above. */
  readonly errorShare: number;
  /** What a contender must be able to do for it. */
  readonly needs?: Ability;
  /** Groups that take part in a full run. */
  readonly groups: readonly ContenderGroup[];
}

/** A full run asks the peers that are not close to any target the most telling questions only. */
const CLOSE: readonly ContenderGroup[] = ["fairlead", "server", "bare"];

const scenario = (
  name: string,
  title: string,
  differences: Partial<Omit<Scenario, "name" | "title">>,
): Scenario => ({
  name,
  title,
  load: "closed",
  script: "request.lua",
  path: "/1k",
  method: "GET",
  bodyBytes: 0,
  fields: "plain",
  connections: 64,
  errorShare: 0,
  groups: GROUPS,
  ...differences,
});

const post = (bodyBytes: number): Partial<Scenario> => ({ method: "POST", path: "/sink", bodyBytes });

/** Sizes, methods, error statuses and a slow endpoint; see wrk/mix.lua. */
export const MIX: Scenario = scenario("mix", "Realistic mix", { script: "mix.lua", errorShare: 0.06 });

export const SCENARIOS: readonly Scenario[] = [
  scenario("get-1k", "GET 1 KiB", {}),
  scenario("get-1k-browser", "GET 1 KiB, browser's fields", { fields: "browser", groups: CLOSE }),
  scenario("post-1k", "POST 1 KiB", post(1024)),
  scenario("get-64k", "GET 64 KiB", { path: "/64k", groups: CLOSE }),
  scenario("post-64k", "POST 64 KiB", { ...post(65536), groups: CLOSE }),
  scenario("get-1m", "GET 1 MiB", { path: "/1m" }),
  scenario("post-1m", "POST 1 MiB", { ...post(1048576), groups: CLOSE }),
  scenario("get-1k-c1", "GET 1 KiB, 1 connection", { connections: 1, groups: CLOSE }),
  scenario("get-1k-c1000", "GET 1 KiB, 1,000 connections", { connections: 1000, groups: CLOSE }),
  scenario("get-1k-half", "GET 1 KiB, half of capacity", { load: "half", groups: CLOSE }),
  scenario("get-1k-tls", "GET 1 KiB over TLS", { needs: "tls", groups: CLOSE }),
  scenario("tls-handshakes", "GET 1 KiB behind a full TLS handshake each", {
    needs: "tls",
    load: "handshakes",
    connections: 1,
    groups: CLOSE,
  }),
  scenario("websocket-1k", "WebSocket messages of 1 KiB, echoed", {
    needs: "websocket",
    load: "websocket",
    path: "/websocket",
    bodyBytes: 1024,
    groups: CLOSE,
  }),
  MIX,
];
