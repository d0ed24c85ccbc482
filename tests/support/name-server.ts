/** A DNS server on loopback, over UDP. */
import { createSocket } from "node:dgram";
import { type DnsAnswers, dnsAnswer, dnsQuestion } from "./dns-answer.ts";

/** SERVFAIL, or no answer at all. */
type Failing = "fails" | "silent";

const SERVER_FAILURE = 2;

export class NameServer {
  /** Names that are not in it exist without records. */
  readonly zone: Map<string, DnsAnswers | Failing> = new Map();
  /** What was asked, as `A app.test`. */
  readonly questions: string[] = [];
  readonly #socket = createSocket("udp4");

  /** `address:port` */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  async start(): Promise<this> {
    this.#socket.on("message", (query, from) => {
      const { name, type } = dnsQuestion(query);
      this.questions.push(`${type} ${name}`);
      const answers = this.zone.get(name) ?? {};
      if (answers === "silent") return;
      const answer = answers === "fails" ? dnsAnswer(query, {}, SERVER_FAILURE) : dnsAnswer(query, answers);
      this.#socket.send(answer, from.port, from.address);
    });
    await new Promise<void>((resolve) => this.#socket.bind(0, "127.0.0.1", resolve));
    return this;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }
}
