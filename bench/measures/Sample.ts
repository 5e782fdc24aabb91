/** Figures by their names, with the unit in the name. The first one is what the case is about; NaN is one not to be had. */
export type Sample = Readonly<Record<string, number>>;

export const mebibyte: number = 2 ** 20;
