/** Listening sockets that pass from one process to another. */

/** What a listening socket is bound to. */
export type BoundAddress = { readonly host: string; readonly port: number } | { readonly path: string };

/** A listening socket that another process has opened. */
export interface InheritedSocket {
  readonly descriptor: number;
  /** Place of the listener in the config (`listen`, `listen.also.0`, `admin`), or any other text for people. */
  readonly name?: string | undefined;
  /** Whether a person chose the name: then it decides before the address does. */
  readonly hasChosenName: boolean;
  /** Undefined where the system does not tell. */
  readonly bound?: BoundAddress | undefined;
}

export interface Inheritance {
  readonly sockets: readonly InheritedSocket[];
  /**
   * Who handed them over. A socket that no listener of the config has is a mistake where systemd opened it, and is closed where a
   * process with another config had it.
   */
  readonly by: "systemd" | "predecessor";
  /** Unix sockets of the process before whose files the sockets of this one replace. @default none */
  readonly replaces?: readonly string[] | undefined;
}

/** For messages: `127.0.0.1:80`, `[::]:80`, `/run/fairlead.sock`. */
export const boundText = (bound: BoundAddress): string => {
  if ("path" in bound) return bound.path;
  return `${bound.host.includes(":") ? `[${bound.host}]` : bound.host}:${bound.port}`;
};
