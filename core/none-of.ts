/** An object with none of the names in `Taken`: a list of the product that is spread beside Atrium's may replace nothing in it. */
export type NoneOf<Taken> = Readonly<Partial<Record<keyof Taken, never>>> & Readonly<Record<string, unknown>>;
