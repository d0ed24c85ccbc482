/** Heap snapshots, by way of a file: the runtimes' own streams hold the whole snapshot in memory. */
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { writeHeapSnapshot } from "node:v8";
import { DiagnosticsError, type HeapSnapshot } from "../../../src/core/diagnostics.ts";

const PIECE_BYTES = 64 * 1024;

/** Writes the heap of this thread into a directory of its own that only this user may enter. @returns the file's path */
export const writeHeap = async (): Promise<string> => {
  const directory = await temporaryDirectory();
  try {
    return writeHeapSnapshot(join(directory, "heap.heapsnapshot"));
  } catch (cause) {
    await rm(directory, { recursive: true, force: true });
    throw new DiagnosticsError("failed", `the snapshot could not be written to ${tmpdir()}`, { cause });
  }
};

/**
 * What `writeHeap` has written, of whatever thread. The file has no name any more once it is open, so that nothing is left of it
 * however the process ends.
 */
export const readHeap = async (path: string): Promise<HeapSnapshot> => {
  let file: FileHandle;
  try {
    file = await open(path);
  } catch (cause) {
    throw new DiagnosticsError("failed", `the snapshot in ${tmpdir()} could not be read`, { cause });
  } finally {
    await rm(dirname(path), { recursive: true, force: true });
  }
  const { size } = await file.stat();
  return { bytes: size, stream: contentOf(file) };
};

const temporaryDirectory = async (): Promise<string> => {
  try {
    return await mkdtemp(join(tmpdir(), "fairlead-heap-"));
  } catch (cause) {
    throw new DiagnosticsError("failed", `no file can be written to ${tmpdir()}; set TMPDIR`, { cause });
  }
};

/** Read as it is asked for; the file is closed at its end, on a failure, and when the reader leaves. */
const contentOf = (file: FileHandle): HeapSnapshot["stream"] =>
  new ReadableStream(
    {
      async pull(controller) {
        try {
          const piece = new Uint8Array(PIECE_BYTES);
          const { bytesRead } = await file.read(piece, 0, PIECE_BYTES, null);
          if (bytesRead > 0) return controller.enqueue(piece.subarray(0, bytesRead));
          controller.close();
        } catch (error) {
          controller.error(error);
        }
        await file.close();
      },
      cancel: () => file.close(),
    },
    { highWaterMark: 0 },
  );
