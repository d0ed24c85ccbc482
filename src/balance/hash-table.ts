/** The port of tables for consistent hashing. */
import type { Member } from "../core/endpoint-state.ts";

/** Order of preference of the members of one set for each hash. */
export interface HashTable {
  /**
   * The member in place `step` for `hash`, 0 being the preferred one. Members may come up more than once. The steps of a hash MUST
   * be asked for in order, from 0 on.
   */
  at(hash: number, step: number): Member | undefined;
}

/** Builds a table of members, each with a weight above 0. */
export type BuildTable = (members: readonly Member[]) => HashTable;
