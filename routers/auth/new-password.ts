import { byAddress, take, type CountedCall } from '../procedures/limits.ts';

/**
 * Refuses a new password that is too weak. The call is counted before the password is scored: by its holder as a new password,
 * and by address and holder as a weak one.
 * @param holder `user …` or `link …`: who sets it, or the mailed link that proves them
 * @throws AppError `PASSWORD_TOO_WEAK`, `RATE_LIMITED`, `OVERLOADED`
 */
export async function assertNewPassword(
  ctx: CountedCall,
  holder: `user ${string}` | `link ${string}`,
  password: string,
  userInputs: readonly string[],
): Promise<void> {
  await take(ctx, ['passwordsByHolder', holder], byAddress(ctx, 'weakPasswordsByAddress'), [
    'weakPasswordsByHolder',
    holder,
  ]);
  await ctx.passwords.assertStrong(password, userInputs);
}
