import { z } from 'zod';

/** Only decimal digits. JavaScript also reads `0x10`, `1e3`, `+5`, ` 5` and `05`, but in a setting they are mistakes. */
const WHOLE = /^(?:0|[1-9]\d*)$/;
const DECIMAL = /^(?:0|[1-9]\d*)(?:\.\d+)?$/;

/** A whole number from `min` to `max`, written as plain decimal digits. */
export function wholeNumber(min: number, max: number) {
  return plainNumber(WHOLE, 'a whole number', min, max);
}

/** A number from `min` to `max`, written as plain decimal digits, with or without a fraction. */
export function decimalNumber(min: number, max: number) {
  return plainNumber(DECIMAL, 'a number', min, max);
}

function plainNumber(pattern: RegExp, kind: string, min: number, max: number) {
  const error = `must be ${kind} from ${min} to ${max}, in plain decimal digits`;
  return z
    .string()
    .regex(pattern, { error, abort: true })
    .transform(Number)
    .pipe(z.number().min(min, error).max(max, error));
}
