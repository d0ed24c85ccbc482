/** What the command line asks of the runtime it runs on. `bin/*` supply it. */
import type { CertificateAccess } from "../src/config/certificates.ts";
import type { Config } from "../src/config/types.ts";
import type { RuntimeProfile } from "./runtime-profile.ts";
import type { ServeOptions, Serving } from "../runtimes/serving.ts";
import type { ByHandRequest } from "../runtimes/engine/acme/obtain-by-hand.ts";
import type { CertificateRequest, PemPair } from "../runtimes/x509.ts";

/** A stream that people or programs read. */
export interface Output {
  readonly isTTY: boolean;
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
  /** Serves a gateway. */
  serve(config: Config, options: ServeOptions): Promise<Serving>;
  /** Serves `answer` on a free port of the loopback interface. */
  serveDemo(answer: (request: DemoRequest) => Promise<DemoResponse>): Promise<DemoServer>;
  /** Whether something accepts connections there; resolves to the reason if not. Gives up after 2 s. */
  reach(target: ReachTarget): Promise<string | undefined>;
}

export interface WatchedFiles {
  readonly files: readonly string[];
  /** When reading them began, in milliseconds since 1970. */
  readonly readAt: number;
}

/** Where to connect to: a host and port, or a Unix domain socket. */
export type ReachTarget = { readonly host: string; readonly port: number } | { readonly path: string };
