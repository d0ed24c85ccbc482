/** Where lines of logs go. Implemented by runtimes. */

import { LineBuffer } from "./line-buffer.ts";

/** Where to. */
export interface LogTarget {
  /** `"stderr"`, `"stdout"` or the path of a file. */
  readonly to: string;
  /** When a file is put aside. @default never */
  readonly rotate?: { readonly size: number; readonly keep: number } | undefined;
}

/** Takes lines. Never throws, waits or grows without bound. */
export interface LogOutput {
  /** Whether people read it as it comes. */
  readonly isTerminal: boolean;
  /** Begins a line, in the buffer that is returned. Undefined where the line is lost: lines come faster than they are written. */
  begin(): LineBuffer | undefined;
  /** Ends the line that was begun. MUST be called before another line begins. */
  end(): void;
}

/**
 * Called at most once a second with the number of lines lost since, and why.
 *
 * @returns false where that could not be noted; the lines are counted again the next time.
 */
export type LinesLost = (lines: number, why: string) => boolean;

/** What an output reports of itself. */
export interface LogReports {
  readonly lost: LinesLost;
  /** A full file could not be rotated and grows further. Called with the reason, at most once a minute. */
  readonly notRotated: (why: string) => void;
}

/** All outputs of a platform. */
export interface LogOutputs {
  /**
   * The output for a target, the same one each time. One that is open already stays as it is until `use`.
   *
   * @throws TypeError with the reason where a file can't be opened.
   */
  open(target: LogTarget, reports: LogReports): LogOutput;
  /** An open output goes on with this rotation and these reports. */
  use(target: LogTarget, reports: LogReports): void;
  /** Closes the files that are none of `targets`. Lines for them that still come are written. */
  keepOnly(targets: ReadonlySet<string>): void;
  /** Writes whole lines of another thread, to a target that is open. Rejects where they are lost. Left out where there are no threads. */
  writeBatch?(to: string, bytes: Uint8Array): Promise<void>;
  /** Opens files anew, as another program may have moved them. */
  reopen(): void;
  /** Resolves when everything is written, or after `ms`. */
  flush(ms: number): Promise<void>;
}

const decoder = new TextDecoder();

/** An output that hands each line on as text. */
export const outputByLine = (take: (line: string) => void): LogOutput => {
  const buffer = new LineBuffer();
  return {
    isTerminal: false,
    begin: () => buffer.begin(),
    end() {
      buffer.end();
      const line = decoder.decode(buffer.bytes).slice(0, -1);
      buffer.clear();
      take(line);
    },
  };
};
