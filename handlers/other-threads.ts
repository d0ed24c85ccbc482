/** The threads that answer requests, as the control of the thread that answers none sees them. */
import type { JournalEntry } from "../src/observe/journal.ts";
import type {
  Action,
  ConnectionPage,
  ConnectionQuery,
  ExplainRequest,
  ExplainResult,
  FailureEntry,
} from "./control.ts";
import type { Snapshot, ThreadSnapshot } from "./snapshot.ts";

export interface ThreadView extends Omit<ThreadSnapshot, "connections"> {
  /** Undefined where the thread is gone, or too busy to say. */
  readonly snapshot: Snapshot | undefined;
}

export interface OtherThreads {
  snapshots(): Promise<readonly ThreadView[]>;
  /** Does the same in all of them. */
  act(action: Action): Promise<void>;
  /** @returns false where there is no connection with this id */
  close(connection: string): Promise<boolean>;
  connections(query: ConnectionQuery): Promise<ConnectionPage>;
  /** In one of them. Secrets of the config are not masked. */
  explain(request: ExplainRequest): Promise<ExplainResult>;
  failures(): Promise<readonly FailureEntry[]>;
  subscribe(listener: (entry: JournalEntry) => void): () => void;
}

/** Where the thread with the number `id` has a connection called `connection`. */
export const connectionId = (id: number, connection: string): string => `${id}-${connection}`;

export const connectionOf = (text: string): { readonly id: number; readonly connection: string } => {
  const [, id = "", connection = ""] = /^(\d+)-(.*)$/.exec(text) ?? [];
  return { id: Number(id), connection };
};
