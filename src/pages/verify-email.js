const token = new URLSearchParams(location.search).get('token');
const message = document.querySelector('#message');
const button = document.querySelector('#confirm');

// Out of the address bar and the history: the token is of use to nobody else.
history.replaceState(null, '', location.pathname);

function settle(text) {
  message.textContent = text;
  button.hidden = true;
}

if (!token) settle('This link is incomplete: open it from the mail again.');

button.addEventListener('click', async () => {
  button.disabled = true;
  try {
    const response = await fetch('/api/v1/auth/verify-email', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
    const answer = await response.json();
    if (response.ok) settle(`${answer.email} is confirmed. You can log in now.`);
    else if (response.status < 500) settle(answer.detail);
    else throw new Error(answer.detail);
  } catch {
    message.textContent = 'The server could not be reached. Try again in a moment.';
    button.disabled = false;
  }
});
