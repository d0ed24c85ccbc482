/** What takes part in a load run: how it is started and what it does to a request. */

/** Where a contender listens and what it stands in front of. All on loopback. */
export interface Ends {
  readonly port: number;
  /** Where it speaks TLS, if it does (`Contender.abilities`). */
  readonly tlsPort: number;
  readonly originPort: number;
  /** Empty folder for configuration and temporary files; removed after the run. */
  readonly folder: string;
  /** Folder of the whole run, for what several contenders share; removed after the run. */
  readonly runFolder: string;
}

/** A process to start. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * `fairlead`: this project with its whole default chain. `hono`: this project as a handler in a Hono app. `server`:
 * a stand-alone proxy set to the same header work. `library`: a proxy library with its usual settings. `bare`: the
 * least code that proxies on a runtime. In the order of a round and of the tables.
 */
export const GROUPS = ["fairlead", "hono", "server", "library", "bare"] as const;
export type ContenderGroup = (typeof GROUPS)[number];

export type RuntimeName = "node" | "deno" | "bun" | "workerd";

/** Runtimes that run a script file. */
export type ScriptRuntime = Exclude<RuntimeName, "workerd">;

export const RUNTIME_TITLES: Readonly<Record<RuntimeName, string>> = {
  node: "Node",
  deno: "Deno",
  bun: "Bun",
  workerd: "workerd",
};

/** What is measured, besides the checks. */
export const PARTS = ["load", "startup", "streaming", "endurance"] as const;
export type Part = (typeof PARTS)[number];

/** What not everybody can, or is set up for. */
export type Ability = "tls" | "websocket";

export interface Contender {
  /** On the command line, in kebab-case. */
  readonly id: string;
  /** In tables and results. */
  readonly name: string;
  readonly group: ContenderGroup;
  /** Links a contender to the bare proxy of its own runtime. */
  readonly runtime?: RuntimeName;
  /** Parts of a run that it takes part in. @default all */
  readonly parts?: readonly Part[];
  /** @default none */
  readonly abilities?: readonly Ability[];
  /** Why it can't run here, as a sentence; undefined when it can. */
  missing(): string | undefined;
  /** Writes what it needs into `ends.folder`. */
  prepare(ends: Ends): Launch | Promise<Launch>;
}
