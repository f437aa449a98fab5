/** Shared code of the pages that mailed links open. Only a click or a submit uses up a token; opening a page does not. */

export const INCOMPLETE = 'This link is incomplete. Open it from the mail again.';
export const UNREACHABLE = { status: 503, detail: 'The server cannot be reached. Try again in a moment.' };

/** Relative to this file, because a proxy may serve Atrium below another path. */
const API = new URL('../api/v1', import.meta.url).href;
const message = document.querySelector('#message');

/** Returns the token and removes it from the address bar and the history, where others could read it. */
export function takeToken() {
  const token = new URLSearchParams(location.search).get('token');
  history.replaceState(null, '', location.pathname);
  return token;
}

/**
 * Calls the API. `problem` is set if the call failed: the problem details, or `UNREACHABLE` if they would not help the
 * reader. An aborted `signal` also gives `UNREACHABLE`.
 * @param path relative to `/api/v1`
 * @returns {Promise<{ answer?: object, problem?: { status: number, reason?: string, detail: string } }>}
 */
export async function send(method, path, { body, accessToken, signal } = {}) {
  try {
    const response = await fetch(`${API}${path}`, {
      method,
      signal,
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(accessToken && { authorization: `Bearer ${accessToken}` }),
      },
      body: body && JSON.stringify(body),
    });
    if (response.status === 204) return {};
    const answer = await response.json();
    if (response.ok) return { answer };
    // A 503 of Atrium says what to do. The details of other server errors do not help the reader.
    const helps = answer.detail && (response.status < 500 || response.status === 503);
    return { problem: helps ? answer : UNREACHABLE };
  } catch {
    return { problem: UNREACHABLE };
  }
}

/** Shows a text, or a problem with its advice. */
export function say(what) {
  const isProblem = typeof what !== 'string';
  message.classList.toggle('problem', isProblem);
  message.replaceChildren(element('p', isProblem ? what.detail : what));
  const advice = isProblem ? adviceOf(what) : [];
  if (advice.length > 0) message.append(element('ul', ...advice.map((text) => element('li', text))));
}

/** Removes control characters from a name. Names stored before they were forbidden may reorder the text around them. */
export function shown(name) {
  return name.replaceAll(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, '');
}

/** Shows the final message of a page and hides its forms and buttons. */
export function settle(what) {
  say(what);
  for (const asked of document.querySelectorAll('.ask')) asked.hidden = true;
}

/** Disables a button while `work` runs, and keeps the keyboard focus on it. */
export async function wait(button, work) {
  button.disabled = true;
  try {
    return await work();
  } finally {
    button.disabled = false;
    if (document.activeElement === document.body) button.focus();
  }
}

/** Marks the field that a problem is about, and moves the focus to it. */
export function pointAt(field) {
  field.setAttribute('aria-invalid', 'true');
  field.addEventListener('input', () => field.removeAttribute('aria-invalid'), { once: true });
  field.focus();
}

/** Lets people show the password. It is hidden again at the submit, so that browsers do not store it as plain text. */
export function letShow(field, toggle) {
  toggle.addEventListener('change', () => {
    field.type = toggle.checked ? 'text' : 'password';
  });
  field.form.addEventListener('submit', () => {
    toggle.checked = false;
    field.type = 'password';
  });
}

function adviceOf({ issues = [], warning, suggestions = [] }) {
  const messages = issues.map(({ path, message: text }) => [labelOf(path), text].filter(Boolean).join(': '));
  return [...messages, ...(warning ? [warning] : []), ...suggestions];
}

/** Returns the label of a field. The fields of a page have the same names as in the API. */
function labelOf([name]) {
  return (
    document.querySelector(`form:not([hidden]) [name="${CSS.escape(name ?? '')}"]`)?.labels[0]?.textContent ?? name
  );
}

function element(tag, ...content) {
  const made = document.createElement(tag);
  made.append(...content);
  return made;
}
