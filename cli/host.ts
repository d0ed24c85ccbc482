/** What the command line asks of the runtime it runs on. `bin/*` supply it. */
import type { CertificateAccess } from "../src/config/certificates.ts";
import type { Config } from "../src/config/types.ts";
import type { RuntimeProfile } from "./runtime-profile.ts";
import type { Inheritance } from "../runtimes/inheritance.ts";
import type { ServeOptions, Serving } from "../runtimes/serving.ts";
import type { ByHandRequest } from "../runtimes/engine/acme/obtain-by-hand.ts";
import type { CertificateRequest, PemPair } from "../runtimes/x509.ts";
import type { SuccessorOptions } from "../runtimes/succession.ts";
import type { UpgradeResult } from "../handlers/server-view.ts";

/** A stream that people or programs read. */
export interface Output {
  readonly isTTY: boolean;
  /** Width of the terminal in cells; undefined where it is none. */
  readonly columns?: number | undefined;
  write(text: string): void;
}

/** A small HTTP server of the demo. */
export interface DemoServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface DemoRequest {
  readonly method: string;
  readonly target: string;
  readonly fields: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface DemoResponse {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Everything outside of the command line itself. */
export interface Host {
  /** Shown to people, e.g. "Node 26.10.0". */
  readonly runtimeName: string;
  readonly profile: RuntimeProfile;
  /** Arguments after the program's own name. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly cwd: string;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Rejects with an error whose `code` is "ENOENT" when there is no such file. */
  readText(path: string): Promise<string>;
  writeText(path: string, text: string): Promise<void>;
  /** Writes a file that only its owner may read. */
  writeSecret(path: string, text: string): Promise<void>;
  /** A new key, and a certificate for it. */
  issueCertificate(request: CertificateRequest): Promise<PemPair>;
  /** A certificate from an ACME authority, which comes to a listener that is open meanwhile. */
  obtainCertificate(request: ByHandRequest): Promise<PemPair>;
  /**
   * Calls `listener` some seconds after a file has changed since it was read. `watched` is asked at each look. Returns a function
   * that ends this.
   */
  whenChanged(watched: () => WatchedFiles, listener: () => void): () => void;
  readonly certificates: CertificateAccess;
  readonly modules: {
    /** Imports a module by its absolute path, and what it imports, as the files are now. */
    import(path: string): Promise<unknown>;
    /** Files that the last import read. */
    readonly files: readonly string[];
  };
  /** Milliseconds since 1970. */
  epoch(): number;
  /** Monotonic milliseconds. */
  now(): number;
  /** Addresses of this machine that others may reach it at, IPv4. */
  networkAddresses(): readonly string[];
  /** Calls `listener` on each SIGTERM and SIGINT. */
  onSignal(listener: (signal: string) => void): void;
  /** Calls `listener` on each SIGHUP. */
  onHangUp(listener: () => void): void;
  /** Calls `listener` on each SIGUSR2. */
  onReopen(listener: () => void): void;
  /** Ends the process at once. */
  exit(code: number): void;
  /** Listening sockets that this process was started with; undefined without any. Rejects with a `ServeError`. Call it first, once. */
  inheritance(): Promise<Inheritance | undefined>;
  /** Tells the process that this one replaces, if there is one, that it may go. */
  tookOver(): void;
  /** Tells the process that this one replaces, if there is one, that it should go on, and why. */
  failed(reason: string): void;
  /** Starts a process with the same command line and the sockets of `listeners`. Never rejects. */
  startSuccessor(options: SuccessorOptions): Promise<UpgradeResult>;
  readonly serviceManager: ServiceManager;
  /** Serves a gateway. */
  serve(config: Config, options: ServeOptions): Promise<Serving>;
  /** Serves `answer` on a free port of the loopback interface. */
  serveDemo(answer: (request: DemoRequest) => Promise<DemoResponse>): Promise<DemoServer>;
  /** Sends one request. Rejects with a reason for people where there is no answer, or none that ends in time. */
  ask(request: Question): Promise<Answer>;
  /** Takes the terminal over; undefined where input or output is none. */
  openTerminal(): Terminal | undefined;
  /** Local time, `14:05:09`. */
  timeOfDay(): string;
  /** Whether something accepts connections there; resolves to the reason if not. Gives up after 2 s. */
  reach(target: ReachTarget): Promise<string | undefined>;
}

/** systemd, say. Promises resolve when a message has been sent, or could not be. */
export interface ServiceManager {
  /** The proxy serves; `status` is for people. */
  ready(status: string): Promise<void>;
  /** It reads its config anew; `ready` follows. */
  reloading(): Promise<void>;
  stopping(): Promise<void>;
  /** Nothing more is said: another process speaks for the service. */
  leave(): void;
}

export interface Question {
  readonly url: string;
  /** Unix socket to connect to, instead of the URL's host. */
  readonly socketPath: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Content of a POST, sent as JSON. @default none: a GET */
  readonly content?: unknown;
  /** For the whole answer. */
  readonly timeoutMs: number;
}

export interface Answer {
  readonly status: number;
  /** 32 MiB at most; a longer one is no answer. */
  readonly body: string;
}

/** A terminal with a screen of its own: what was on it before comes back at the end. */
export interface Terminal {
  size(): { readonly columns: number; readonly rows: number };
  /** Replaces what is on the screen. */
  draw(lines: readonly string[]): void;
  /** Calls `listener` with what is typed, unedited. Ctrl-C is typed too. */
  onInput(listener: (input: string) => void): void;
  onResize(listener: () => void): void;
  /** Gives it back. */
  close(): void;
}

export interface WatchedFiles {
  readonly files: readonly string[];
  /** When reading them began, in milliseconds since 1970. */
  readonly readAt: number;
}

/** Where to connect to: a host and port, or a Unix domain socket. */
export type ReachTarget = { readonly host: string; readonly port: number } | { readonly path: string };
