/** What the pages of mailed links have in common. Opening one uses no token up: that takes a click or a submit. */

export const INCOMPLETE = 'This link is incomplete. Open it from the mail again.';
export const UNREACHABLE = { status: 503, detail: 'The server cannot be reached. Try again in a moment.' };

/** The server may live below a path, which is the proxy's to know: this file lies beside the API there. */
const API = new URL('../api/v1', import.meta.url).href;
const message = document.querySelector('#message');

/** Takes the token out of the address bar and the history: it is of use to nobody else. */
export function takeToken() {
  const token = new URLSearchParams(location.search).get('token');
  history.replaceState(null, '', location.pathname);
  return token;
}

/**
 * Calls the API. `problem` is there if it refuses: its problem details, or `UNREACHABLE` where it gave none that help.
 * @param path below `/api/v1`; a `signal` that gives the call up makes it `UNREACHABLE`
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
    // A 503 of ours says what to wait for. In other faults there is nothing that a reader could act on.
    const helps = answer.detail && (response.status < 500 || response.status === 503);
    return { problem: helps ? answer : UNREACHABLE };
  } catch {
    return { problem: UNREACHABLE };
  }
}

/** Shows a text, or a problem with all that it advises. */
export function say(what) {
  const isProblem = typeof what !== 'string';
  message.classList.toggle('problem', isProblem);
  message.replaceChildren(element('p', isProblem ? what.detail : what));
  const advice = isProblem ? adviceOf(what) : [];
  if (advice.length > 0) message.append(element('ul', ...advice.map((text) => element('li', text))));
}

/** A name as a page shows it: one that is older than the rule for names may reorder the text around it. */
export function shown(name) {
  return name.replaceAll(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, '');
}

/** Says the last word of a page: nothing is asked any more. */
export function settle(what) {
  say(what);
  for (const asked of document.querySelectorAll('.ask')) asked.hidden = true;
}

/** Waits for a button's work. The button can't be pressed meanwhile, and keeps the keyboard's focus. */
export async function wait(button, work) {
  button.disabled = true;
  try {
    return await work();
  } finally {
    button.disabled = false;
    if (document.activeElement === document.body) button.focus();
  }
}

/** Leads to the field that a problem is about. */
export function pointAt(field) {
  field.setAttribute('aria-invalid', 'true');
  field.addEventListener('input', () => field.removeAttribute('aria-invalid'), { once: true });
  field.focus();
}

/** Lets people see what they type. A password is hidden again before it is sent: browsers must not keep it as text. */
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
  const told = issues.map(({ path, message: text }) => [labelOf(path), text].filter(Boolean).join(': '));
  return [...told, ...(warning ? [warning] : []), ...suggestions];
}

/** The fields of a page are named as in the API. */
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
