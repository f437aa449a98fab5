import { INCOMPLETE, letShow, pointAt, say, send, settle, takeToken, wait } from './mailed-link.js';

const token = takeToken();
const form = document.querySelector('#reset');
const button = form.querySelector('button');
const { newPassword, show } = form.elements;

letShow(newPassword, show);
if (token) form.hidden = false;
else settle(INCOMPLETE);

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const body = { token, newPassword: newPassword.value };
  const { problem } = await wait(button, () => send('POST', '/auth/password-reset/confirm', { body }));
  if (!problem) settle('Your new password is set, and every device is logged out. You can now log in with it.');
  else if (problem.reason === 'TOKEN_INVALID') settle(problem);
  else {
    say(problem);
    if (problem.reason === 'PASSWORD_TOO_WEAK') pointAt(newPassword);
  }
});
