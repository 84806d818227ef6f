/** Names of projects, checked as one types, by the API's own pattern. */
import limits from '../api/limits.json' with { type: 'json' };

const PATTERN = new RegExp(limits.projectName.pattern);
export const MAX_LEN = limits.projectName.maxLength;

/** What is wrong with a name, in words. `null`: nothing. */
export function nameFault(name: string): string | null {
  if (name === '') return 'Choose a name.';
  if (name.length > MAX_LEN) return `Use at most ${MAX_LEN} characters.`;
  if (PATTERN.test(name)) return null;
  if (/[A-Z]/.test(name)) return 'Use lower-case letters only.';
  if (/[^a-z0-9-]/.test(name)) return 'Use only the letters a to z, digits and hyphens.';
  if (!/^[a-z]/.test(name)) return 'Start with a letter.';
  if (name.includes('--')) return 'Use single hyphens only.';
  if (name.endsWith('-')) return 'End with a letter or a digit.';
  return 'Use lower-case letters, digits and single hyphens, and start with a letter.';
}

/** As `nameFault`, but silent on what the next key may put right. */
export function nameFaultWhileTyping(name: string): string | null {
  if (name === '') return null;
  return nameFault(name.endsWith('-') && !name.endsWith('--') ? name.slice(0, -1) || name : name);
}

/** How the address will look. The other half is chosen by us. */
export function addressPreview(name: string, domain: string): string {
  const half = nameFault(name) === null ? name : 'name';
  return `https://${half}-….${domain}`;
}
