/** E-mail addresses and passwords, as far as a form can tell. The API decides. */
import limits from '../api/limits.json' with { type: 'json' };

export const PASSWORD_HINT = `At least ${limits.password.minLength} characters. A few words in a row are good.`;

export function emailFault(email: string): string | null {
  if (email === '') return 'Enter your e-mail address.';
  const plausible = /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email);
  return plausible && email.length <= limits.email.maxLength
    ? null
    : 'Enter an e-mail address such as ada@example.com.';
}

/** The API counts bytes: a letter beyond ASCII is worth two to four. */
export function passwordFault(password: string): string | null {
  const bytes = new TextEncoder().encode(password).length;
  if (bytes < limits.password.minLength) {
    return `Use at least ${limits.password.minLength} characters.`;
  }
  return bytes > limits.password.maxLength
    ? `Use at most ${limits.password.maxLength} characters.`
    : null;
}
