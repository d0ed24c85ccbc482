/** Health checks that open a connection and close it again. */
import { connect } from "node:net";
import type { Clock } from "../../../src/core/platform.ts";
import type { Probe } from "../../../src/core/probe.ts";
import { hostAndPort } from "../../../src/http/url-host.ts";
import { errorCode } from "../../error-code.ts";

/** Passes when a connection is made. TLS is not tried. */
export const tcpProbe =
  (clock: Clock): Probe =>
  ({ origin, socketPath }, timeoutMs) =>
    new Promise((resolve) => {
      const socket = connect(socketPath === undefined ? hostAndPort(origin) : { path: socketPath });
      const end = (passed: boolean, detail: string): void => {
        stop();
        socket.destroy();
        resolve({ passed, detail });
      };
      const stop = clock.after(timeoutMs, () => end(false, `no connection within ${timeoutMs} ms`));
      socket.once("connect", () => end(true, "connected"));
      // Not `once`: a socket may report further errors after it was destroyed.
      socket.on("error", (error) =>
        end(false, `could not connect (${errorCode(error) ?? "unknown reason"})`),
      );
    });
