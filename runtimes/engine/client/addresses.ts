/** Order in which the addresses of a name are tried (RFC 8305 §4). */

export interface Address {
  readonly address: string;
  readonly family: number;
}

/** Families alternate, beginning with that of the first address; within a family the resolver's order stays. */
export const interleaved = (addresses: readonly Address[]): Address[] => {
  const first = addresses[0]?.family;
  const preferred = addresses.filter(({ family }) => family === first);
  const others = addresses.filter(({ family }) => family !== first);
  const ordered: Address[] = [];
  for (let i = 0; i < Math.max(preferred.length, others.length); i++) {
    const [one, other] = [preferred[i], others[i]];
    if (one !== undefined) ordered.push(one);
    if (other !== undefined) ordered.push(other);
  }
  return ordered;
};
