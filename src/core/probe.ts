/** Checks of endpoints, as ports. */
import type { Endpoint } from "./endpoint.ts";

export interface ProbeResult {
  readonly passed: boolean;
  /** One phrase for operators. */
  readonly detail: string;
}

/** Checks one endpoint within `timeoutMs`. Never rejects. */
export type Probe = (endpoint: Endpoint, timeoutMs: number) => Promise<ProbeResult>;
