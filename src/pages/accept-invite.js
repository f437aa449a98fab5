import { INCOMPLETE, letShow, pointAt, say, send, settle, shown, takeToken, wait } from './mailed-link.js';

const token = takeToken();
const offer = document.querySelector('#offer');
const again = document.querySelector('#again');
const signUp = document.querySelector('#sign-up');
const logIn = document.querySelector('#log-in');

for (const form of [signUp, logIn]) letShow(form.elements.password, form.elements.show);
again.addEventListener('click', async () => {
  await wait(again, preview);
  focusField();
});
onSubmit(signUp, acceptAsNewcomer);
onSubmit(logIn, acceptWithAccount);
if (token) await preview();
else settle(INCOMPLETE);

/** Shows what the invite offers, and the form with which to accept it. It does not use up the token. */
async function preview() {
  say('Loading your invite …');
  const { answer, problem } = await send('GET', `/invites/preview?token=${encodeURIComponent(token)}`);
  if (problem?.reason === 'TOKEN_INVALID') settle(problem);
  else if (problem) {
    say(problem);
    again.hidden = false;
  } else {
    const role = answer.role === 'admin' ? 'an admin' : 'a member';
    const tenant = shown(answer.tenantName);
    const sentence = answer.invitedBy
      ? `${shown(answer.invitedBy)} invites you to join ${tenant} as ${role}.`
      : `You are invited to join ${tenant} as ${role}.`;
    offer.textContent = `${sentence} The invite is for ${answer.emailHint}.`;
    say(
      answer.hasAccount
        ? 'You have an account. Log in to accept the invite.'
        : 'Create an account to accept the invite.',
    );
    again.hidden = true;
    offer.hidden = false;
    signUp.hidden = answer.hasAccount;
    logIn.hidden = !answer.hasAccount;
  }
}

function focusField() {
  document.querySelector('form:not([hidden]) input')?.focus();
}

async function acceptAsNewcomer({ fullName, password }) {
  return await send('POST', '/invites/accept', {
    body: { token, fullName: fullName.value, password: password.value },
  });
}

/** Logs in, accepts the invite, and logs out again, also if the invite was refused. */
async function acceptWithAccount({ email, password }) {
  const login = await send('POST', '/auth/login', { body: { email: email.value, password: password.value } });
  if (login.problem) return login;
  const { accessToken } = login.answer;
  const accepted = await send('POST', '/invites/accept', { body: { token }, accessToken });
  await send('POST', '/auth/logout', { accessToken });
  return accepted;
}

function onSubmit(form, accept) {
  const button = form.querySelector('button');
  const { username, password } = form.elements;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const { answer, problem } = await wait(button, () => accept(form.elements));
    if (answer) {
      const { user, tenant } = answer;
      if (username) username.value = user.email;
      settle(`You have joined ${shown(tenant.name)}. You can now log in to it as ${user.email}.`);
    } else if (['TOKEN_INVALID', 'ALREADY_MEMBER'].includes(problem.reason)) settle(problem);
    else if (problem.reason === 'UNAUTHENTICATED') {
      // The address got an account after the page was opened, so accepting now requires a login.
      await preview();
      focusField();
    } else {
      say(problem);
      if (['PASSWORD_TOO_WEAK', 'INVALID_CREDENTIALS'].includes(problem.reason)) pointAt(password);
    }
  });
}
