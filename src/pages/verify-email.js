import { INCOMPLETE, letShow, pointAt, say, send, settle, shown, takeToken, UNREACHABLE, wait } from './mailed-link.js';

const token = takeToken();
/** How long the page waits for the preview, in ms. After that the button works without it. */
const PREVIEW_MS = 5_000;
const signUpText = document.querySelector('#sign-up');
const button = document.querySelector('#confirm');
const form = document.querySelector('#with-password');
const { password, show } = form.elements;

letShow(password, show);
button.addEventListener('click', async () => {
  showResult(await wait(button, () => verify({ token })));
});
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  showResult(await wait(form.querySelector('button'), () => verify({ token, password: password.value })));
});

if (token) await preview();
else settle(INCOMPLETE);

/** Shows which sign-up the link belongs to. It does not use up the token, and the button works even if it fails. */
async function preview() {
  button.disabled = true;
  const { answer, problem } = await send('GET', `/auth/verify-email/preview?token=${encodeURIComponent(token)}`, {
    signal: AbortSignal.timeout(PREVIEW_MS),
  });
  button.disabled = false;
  if (problem?.reason === 'TOKEN_INVALID') settle(problem);
  if (!answer) return;
  signUpText.textContent = `This link belongs to the sign-up for the tenant ${describe(answer)}.`;
  signUpText.hidden = false;
  if (answer.needsPassword) {
    say('This address has several pending sign-ups. If you made this one, enter the password that you chose for it.');
    askForPassword();
  } else {
    say(
      'If you made it, press the button to confirm that this address is yours. If not, do nothing; no account is created.',
    );
  }
}

/** The same text as in the mail. The name comes last, so that a chosen name cannot imitate the slug and the time. */
function describe({ tenantName, tenantSlug, signedUpAt }) {
  const name = shown(tenantName).replaceAll(/["\u201c-\u201f\u2033\uff02]/g, "'");
  return `${tenantSlug} (signed up on ${signedUpAt.slice(0, 10)} at ${signedUpAt.slice(11, 16)} UTC, with the name "${name}")`;
}

function askForPassword() {
  button.hidden = true;
  form.hidden = false;
}

async function verify(body) {
  return await send('POST', '/auth/verify-email', { body });
}

function showResult({ answer, problem }) {
  if (answer) settle(`${answer.email} is confirmed. You can now log in.`);
  else if (problem.reason === 'INVALID_CREDENTIALS') {
    // The address has several sign-ups. The problem says which one this link belongs to.
    say(problem);
    askForPassword();
    pointAt(password);
  } else if (problem.status >= 500) say(UNREACHABLE);
  else if (problem.reason === 'RATE_LIMITED') say(problem);
  else settle(problem);
}
