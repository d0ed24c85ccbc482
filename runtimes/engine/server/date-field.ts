/** Value of the `Date` field (RFC 9110 §6.6.1), made once a second. */
export class DateField {
  readonly #epoch: () => number;
  #second = -1;
  #value = "";

  constructor(epoch: () => number) {
    this.#epoch = epoch;
  }

  get value(): string {
    const now = this.#epoch();
    const second = Math.floor(now / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#value = new Date(now).toUTCString();
    }
    return this.#value;
  }
}
