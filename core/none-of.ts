/** An object with none of the names in `Taken`, so that a list of the product can't replace an entry of Atrium's. */
export type NoneOf<Taken> = Readonly<Partial<Record<keyof Taken, never>>> & Readonly<Record<string, unknown>>;
