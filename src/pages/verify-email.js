import { INCOMPLETE, say, send, settle, takeToken, UNREACHABLE, wait } from './mailed-link.js';

const token = takeToken();
const button = document.querySelector('#confirm');

if (!token) settle(INCOMPLETE);

button.addEventListener('click', async () => {
  const { answer, problem } = await wait(button, () => send('POST', '/auth/verify-email', { body: { token } }));
  if (answer) settle(`${answer.email} is confirmed. You can log in now.`);
  else if (problem.status >= 500) say(UNREACHABLE);
  else settle(problem);
});
