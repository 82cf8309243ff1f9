import { byId, setText } from './dom.ts';

const KEY = 'kong-consul-token';
const FRAGMENT = '#token=';

/** The token of this tab, if there is one. One in the address is taken out of it, so that nobody passes it on. */
export function takeToken(): string | undefined {
  if (location.hash.startsWith(FRAGMENT)) {
    sessionStorage.setItem(KEY, decodeURIComponent(location.hash.slice(FRAGMENT.length)));
    history.replaceState(null, '', location.pathname);
  }
  return currentToken();
}

/** What requests carry. */
export function currentToken(): string | undefined {
  return sessionStorage.getItem(KEY) ?? undefined;
}

/** Asks for a token until something is given. */
export async function askToken(): Promise<string> {
  const form = byId('lock', HTMLFormElement);
  const field = byId('token', HTMLInputElement);
  setText(
    byId('refused', HTMLParagraphElement),
    currentToken() === undefined ? '' : 'That token is not the right one.',
  );
  sessionStorage.removeItem(KEY);
  byId('content', HTMLDivElement).hidden = true;
  form.hidden = false;
  field.value = '';
  field.focus();
  await new Promise<void>((resolve) => {
    form.addEventListener(
      'submit',
      (event) => {
        event.preventDefault();
        resolve();
      },
      { once: true },
    );
  });
  sessionStorage.setItem(KEY, field.value);
  field.value = '';
  form.hidden = true;
  return currentToken() ?? '';
}
