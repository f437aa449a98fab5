import { byAddress, take, type CountedCall } from '../procedures/limits.ts';

/**
 * Refuses a new password that is too weak. Before it scores the password, it counts the call: as a new password by holder,
 * and as a weak password by address and by holder. The rules refund the count of weak passwords unless the call fails with
 * `PASSWORD_TOO_WEAK`.
 * @param holder the user who sets the password, or the mailed link that identifies them
 * @param userInputs words that make a password weak, such as the user's name
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
