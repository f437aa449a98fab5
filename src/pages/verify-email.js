import { INCOMPLETE, letShow, pointAt, say, send, settle, takeToken, UNREACHABLE, wait } from './mailed-link.js';

const token = takeToken();
const button = document.querySelector('#confirm');
const form = document.querySelector('#with-password');
const { password, show } = form.elements;

letShow(password, show);
if (!token) settle(INCOMPLETE);

button.addEventListener('click', async () => {
  tell(await wait(button, () => verify({ token })));
});
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  tell(await wait(form.querySelector('button'), () => verify({ token, password: password.value })));
});

async function verify(body) {
  return await send('POST', '/auth/verify-email', { body });
}

function tell({ answer, problem }) {
  if (answer) settle(`${answer.email} is confirmed. You can log in now.`);
  else if (problem.reason === 'INVALID_CREDENTIALS') {
    // Others have signed up with the address: the problem says which sign-up this link is of.
    say(problem);
    button.hidden = true;
    form.hidden = false;
    pointAt(password);
  } else if (problem.status >= 500) say(UNREACHABLE);
  else if (problem.reason === 'RATE_LIMITED') say(problem);
  else settle(problem);
}
