export const writeReport = (): void => {};
