/** Health checks that open a connection and close it again. */
import { connect } from "node:net";
import type { Clock } from "../../../src/core/platform.ts";
import type { Probe } from "../../../src/core/probe.ts";
import { codeOf } from "../client/failures.ts";

/** Passes when a connection is made. TLS is not tried. */
export const tcpProbe =
  (clock: Clock): Probe =>
  ({ origin, scheme, socketPath }, timeoutMs) =>
    new Promise((resolve) => {
      const { hostname, port } = new URL(origin);
      const host = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
      const socket = connect(
        socketPath === undefined
          ? { host, port: port === "" ? (scheme === "https" ? 443 : 80) : Number(port) }
          : { path: socketPath },
      );
      const end = (passed: boolean, detail: string): void => {
        stop();
        socket.destroy();
        resolve({ passed, detail });
      };
      const stop = clock.after(timeoutMs, () => end(false, `no connection within ${timeoutMs} ms`));
      socket.once("connect", () => end(true, "connected"));
      // Stays: a socket that is destroyed may still fail.
      socket.on("error", (error) => end(false, `could not connect (${codeOf(error) || "unknown reason"})`));
    });
