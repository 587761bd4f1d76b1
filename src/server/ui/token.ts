/**
 * The token that requests carry. It is kept for as long as the tab is open and no longer; a password manager, which is
 * locked, may keep it for good.
 */
const key = 'fjr-token';
let token = sessionStorage.getItem(key) ?? undefined;

export function currentToken(): string | undefined {
  return token;
}

export function keepToken(value: string): void {
  token = value;
  sessionStorage.setItem(key, value);
}

export function forgetToken(): void {
  token = undefined;
  sessionStorage.removeItem(key);
}
