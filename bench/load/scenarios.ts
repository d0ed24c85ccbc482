/** What is asked of every contender. */

export interface Scenario {
  readonly name: string;
  /** For table heads. */
  readonly title: string;
  /** Lua script in wrk/. */
  readonly script: "request.lua" | "mix.lua";
  readonly path: string;
  readonly method: "GET" | "POST";
  /** Bytes of the request body. */
  readonly bodyBytes: number;
  readonly connections: number;
  /** Share of answers with a status of 400 and above. */
  readonly errorShare: number;
}

const get = (size: string, connections: number, name: string, title: string): Scenario => ({
  name,
  title,
  script: "request.lua",
  path: `/${size}`,
  method: "GET",
  bodyBytes: 0,
  connections,
  errorShare: 0,
});

const post = (bodyBytes: number, name: string, title: string): Scenario => ({
  name,
  title,
  script: "request.lua",
  path: "/sink",
  method: "POST",
  bodyBytes,
  connections: 64,
  errorShare: 0,
});

/** Sizes, methods, error statuses and a slow endpoint; see wrk/mix.lua. */
export const MIX: Scenario = {
  name: "mix",
  title: "Realistic mix",
  script: "mix.lua",
  path: "/1k",
  method: "GET",
  bodyBytes: 0,
  connections: 64,
  errorShare: 0.06,
};

export const SCENARIOS: readonly Scenario[] = [
  get("1k", 64, "get-1k", "GET 1 KiB"),
  get("64k", 64, "get-64k", "GET 64 KiB"),
  get("1m", 64, "get-1m", "GET 1 MiB"),
  post(1024, "post-1k", "POST 1 KiB"),
  post(65536, "post-64k", "POST 64 KiB"),
  post(1048576, "post-1m", "POST 1 MiB"),
  get("1k", 1, "get-1k-c1", "GET 1 KiB, 1 connection"),
  get("1k", 1000, "get-1k-c1000", "GET 1 KiB, 1,000 connections"),
  MIX,
];
