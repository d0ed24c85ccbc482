/** Versions of HTTP as OpenTelemetry writes them (`network.protocol.version`). */

/** All that there are; the first stands for a version that is not known. */
export const PROTOCOL_VERSIONS: readonly (string | undefined)[] = [undefined, "1.1", "1.0", "2", "3"];

/** Which of `PROTOCOL_VERSIONS`. Runtimes may write "2.0". */
export const versionIndex = (version: string | undefined): number => {
  switch (version) {
    case "1.1":
      return 1;
    case "1.0":
      return 2;
    case "2":
    case "2.0":
      return 3;
    case "3":
    case "3.0":
      return 4;
    default:
      return 0;
  }
};

export const protocolVersion = (version: string | undefined): string | undefined =>
  PROTOCOL_VERSIONS[versionIndex(version)];
