import { router } from '../trpc.ts';
import { login } from './login.ts';
import { logout } from './logout.ts';
import { refresh } from './refresh.ts';
import { register } from './register.ts';
import { resendVerification } from './resend-verification.ts';
import { verifyEmail } from './verify-email.ts';

export const authRouter = router({ register, verifyEmail, resendVerification, login, refresh, logout });
