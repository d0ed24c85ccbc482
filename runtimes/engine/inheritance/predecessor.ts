/** What a process that this one replaces has left for it: its listening sockets, and where to report. */
import { writeSync } from "node:fs";
import { ServeError } from "../../serving.ts";
import type { Inheritance } from "../../inheritance.ts";
import { ownListeningSockets } from "./socket-table.ts";

/** Variable with an `Estate` as JSON. */
export const ESTATE_VARIABLE = "FAIRLEAD_HANDED_OVER";

/** What the variable says. */
export interface Estate {
  /** Descriptor to report on. */
  readonly report: number;
  readonly sockets: readonly { readonly descriptor: number; readonly name: string }[];
  /** Paths of Unix sockets. */
  readonly replaces: readonly string[];
}

/** A process that waits until this one has taken over. */
export interface Predecessor {
  readonly inheritance: Inheritance;
  /** It may go: this process serves. */
  ready(): void;
  /** It should go on: this process ends, for this reason. */
  failed(reason: string): void;
}

/** A line that a successor writes. */
export type Report = { readonly ready: true } | { readonly failed: string };

/**
 * Reads the variable; undefined where it is not set.
 *
 * @throws ServeError where it was not set by Fairlead.
 */
export const predecessorIn = async (
  env: Readonly<Record<string, string | undefined>>,
): Promise<Predecessor | undefined> => {
  const text = env[ESTATE_VARIABLE];
  if (text === undefined) return undefined;
  const { report, sockets, replaces } = parse(text);
  const own = await ownListeningSockets();
  let isOpen = true;
  const send = (line: Report): void => {
    if (!isOpen) return;
    isOpen = false;
    try {
      writeSync(report, `${JSON.stringify(line)}\n`);
    } catch {
      // It has gone meanwhile, and this process serves alone.
    }
  };
  return {
    inheritance: {
      by: "predecessor",
      replaces,
      sockets: sockets.map(({ descriptor, name }) => ({
        descriptor,
        name,
        hasChosenName: false,
        bound: own.find((socket) => socket.descriptor === descriptor)?.bound,
      })),
    },
    ready: () => send({ ready: true }),
    failed: (reason) => send({ failed: reason }),
  };
};

const parse = (text: string): Estate => {
  try {
    const estate = JSON.parse(text) as Estate;
    if (Number.isInteger(estate.report) && Array.isArray(estate.sockets) && Array.isArray(estate.replaces))
      return estate;
  } catch {
    // The same complaint for all of it.
  }
  throw new ServeError(`${ESTATE_VARIABLE} is for Fairlead's own use; unset it`);
};
