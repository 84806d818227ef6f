/** Where the stack is, as `scripts/up` writes it into `run/env`. */

export interface Environment {
  /** With the port, without a slash at the end. */
  readonly appUrl: string;
  /** Where names below the domain lead. */
  readonly edgeAddress: string;
  readonly caFile: string;
  readonly mailboxUrl: string;
  /** The part of the checkout's address that is always the same. */
  readonly dodoPort: string;
  /** The same of the page that stands for Google's. */
  readonly googlePort: string;
}

export const environment = (): Environment => ({
  appUrl: required('APP_URL'),
  edgeAddress: required('EDGE_ADDR'),
  caFile: required('CA_FILE'),
  mailboxUrl: required('MAILBOX_URL'),
  dodoPort: new URL(required('DODO_URL')).port,
  googlePort: new URL(required('GOOGLE_URL')).port,
});

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: scripts/up writes it into run/env`);
  return value;
}
