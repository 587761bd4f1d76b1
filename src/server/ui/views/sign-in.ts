import { Refusal, ask } from '../ask-server.js';
import { element, setText } from '../elements.js';
import { keepToken } from '../token.js';

/** Asks for a token. `reason`: why again. */
export function signInView(reason: string | undefined, signedIn: () => void): HTMLElement {
  const input = element('input', {
    ...{ id: 'token', type: 'password', name: 'password', autocomplete: 'current-password', required: true },
    ...{ spellcheck: 'false', autocapitalize: 'off', 'aria-describedby': 'token-hint token-error' },
  });
  const error = element('p', { id: 'token-error', class: 'error', role: 'alert' }, reason);
  const submit = element('button', { type: 'submit' }, 'Sign in');
  const form = element(
    'form',
    { class: 'sign-in' },
    element('h1', { tabindex: '-1' }, 'Sign in'),
    // By this a password manager tells the token of one server from another's.
    element('input', {
      ...{ type: 'text', name: 'username', autocomplete: 'username', value: 'fjr', hidden: true },
    }),
    element('label', { for: 'token' }, 'Token'),
    input,
    element(
      'p',
      { id: 'token-hint', class: 'words' },
      'Whoever runs the server makes one: ',
      element('code', {}, 'fjr token add NAME --scope read,submit'),
      '. It is kept until this tab is closed.',
    ),
    error,
    submit,
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void tryToken(input.value.trim(), submit).then((wrong) => {
      if (wrong === undefined) {
        signedIn();
        return;
      }
      setText(error, wrong);
      input.setAttribute('aria-invalid', 'true');
      input.select();
      input.focus();
    });
  });
  return form;
}

/** What is wrong with it; undefined: it is good, and kept. */
async function tryToken(token: string, submit: HTMLButtonElement): Promise<string | undefined> {
  if (!/^[\x21-\x7e]+$/.test(token))
    return 'That is no token: it holds blanks, or letters that tokens do not have.';
  submit.disabled = true;
  try {
    await ask('v1/counts', {}, token);
    keepToken(token);
    return undefined;
  } catch (error) {
    if (error instanceof Refusal && error.status === 401)
      return 'The server does not know this token. It may have been revoked, or be of another server.';
    if (error instanceof Refusal && error.status === 403)
      return 'This token may not read: it needs the scope "read".';
    return error instanceof Error ? error.message : String(error);
  } finally {
    submit.disabled = false;
  }
}
