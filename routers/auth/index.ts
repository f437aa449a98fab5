import { router } from '../procedures/trpc.ts';
import { changePassword } from './change-password.ts';
import { login } from './login.ts';
import { logout } from './logout.ts';
import { requestPasswordReset, resetPassword } from './password-reset.ts';
import { refresh } from './refresh.ts';
import { previewSignUp } from './preview-sign-up.ts';
import { register } from './register.ts';
import { resendVerification } from './resend-verification.ts';
import { logoutAll, revokeSession, sessions } from './sessions.ts';
import { switchTenant } from './switch-tenant.ts';
import { verifyEmail } from './verify-email.ts';

export const authRouter = router({
  register,
  previewSignUp,
  verifyEmail,
  resendVerification,
  login,
  refresh,
  switchTenant,
  logout,
  logoutAll,
  requestPasswordReset,
  resetPassword,
  changePassword,
  sessions,
  revokeSession,
});
