/** What the connections of one listener share. */
import type { ListenConfig } from "../../../src/config/types.ts";
import type { GatewayRef } from "../../../src/gateway.ts";
import type { HeadFormat } from "../../../src/http1/head-reader.ts";
import type { RequestHead } from "../../../src/http1/request-head.ts";
import type { Deadlines } from "../deadlines.ts";
import type { ClientConnection } from "./connection.ts";
import type { FieldEncoder } from "./field-lines.ts";

export interface ServerContext {
  readonly gateway: GatewayRef;
  readonly listen: Pick<ListenConfig, "limits" | "timeouts" | "halfClose">;
  readonly scheme: "http" | "https";
  readonly heads: HeadFormat<RequestHead>;
  readonly fields: FieldEncoder;
  readonly deadlines: Deadlines;
  now(): number;
  /** Value for `Date`. */
  date(): string;
  /** From now on every response closes its connection. */
  readonly draining: boolean;
  /** Writes a line for operators. */
  notice(line: string): void;
  /** The connection is gone. */
  closed(connection: ClientConnection): void;
}
