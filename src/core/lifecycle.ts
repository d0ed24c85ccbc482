/** Whether this process still wants new work; read by the ready page and by servers that close connections. */
export interface Lifecycle {
  readonly draining: boolean;
}

export const ALWAYS_SERVING: Lifecycle = Object.freeze({ draining: false });
