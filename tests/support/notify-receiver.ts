/** A service manager for tests: takes the messages of sd_notify(3). No runtime opens sockets of that kind, so Python does. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { within } from "./bound.ts";
import { Child } from "./child.ts";

const PYTHON = "/usr/bin/python3";

/** Prints each message as a line of JSON. Closes the descriptors that come with some: systemd-notify waits for that. */
const PROGRAM = `
import array, json, os, socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print("ready", flush=True)
while True:
    message, ancillary, _, _ = receiver.recvmsg(4096, 256)
    for _, _, data in ancillary:
        descriptors = array.array("i")
        descriptors.frombytes(data)
        for descriptor in descriptors:
            os.close(descriptor)
    text = message.decode()
    if text != "BARRIER=1":
        print(json.dumps(text.splitlines()), flush=True)
`;

export const canReceive: boolean = existsSync(PYTHON) && existsSync("/usr/bin/systemd-notify");

export class NotifyReceiver {
  readonly #directory: string = mkdtempSync(join(tmpdir(), "fairlead-notify-"));
  readonly #child: Child;

  private constructor() {
    const program = join(this.#directory, "receiver.py");
    writeFileSync(program, PROGRAM);
    this.#child = new Child("receiver", PYTHON, [program, this.path]);
  }

  static async start(): Promise<NotifyReceiver> {
    const receiver = new NotifyReceiver();
    await receiver.#child.printed(/^ready$/m);
    return receiver;
  }

  /** For NOTIFY_SOCKET. */
  get path(): string {
    return join(this.#directory, "socket");
  }

  /** All messages so far, each as its lines. */
  get messages(): readonly (readonly string[])[] {
    return this.#child.stdout
      .split("\n")
      .slice(1, -1)
      .map((line) => JSON.parse(line) as string[]);
  }

  /** Waits for a message with `line`, after `from` others. Resolves to the message's lines. */
  async message(line: RegExp, from = 0): Promise<readonly string[]> {
    const find = (): readonly string[] | undefined =>
      this.messages.slice(from).find((lines) => lines.some((each) => line.test(each)));
    return within(
      (async () => {
        for (;;) {
          const found = find();
          if (found !== undefined) return found;
          await new Promise((resolve) => void setTimeout(resolve, 20));
        }
      })(),
      () => `a message with ${String(line)}; there were ${JSON.stringify(this.messages)}`,
      20_000,
    );
  }

  async stop(): Promise<void> {
    await this.#child.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
