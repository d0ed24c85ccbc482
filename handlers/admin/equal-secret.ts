/** Comparison of secrets. */

/** What of a text is compared. */
export interface Characters {
  readonly length: number;
  charCodeAt(index: number): number;
}

/**
 * Whether the two are equal. Looks at every character of `secret`, whatever `given` is: the time depends on the length of
 * `secret` alone, so it does not tell how much of a guess is right.
 */
export const isEqualSecret = (given: Characters, secret: Characters): boolean => {
  let difference = given.length ^ secret.length;
  for (let i = 0; i < secret.length; i += 1) {
    // Beyond the end of `given` it is NaN, which counts as 0.
    difference |= given.charCodeAt(i) ^ secret.charCodeAt(i);
  }
  return difference === 0;
};
