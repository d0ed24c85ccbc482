/** Whether a file has changed, without reading it. */
import { stat } from "node:fs/promises";

/** Text that differs once the file at `path` was written, replaced or removed; "" while there is none. */
export const fileStamp = async (path: string): Promise<string> => {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return "";
  }
};
