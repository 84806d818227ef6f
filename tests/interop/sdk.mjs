/**
 * Dodo's own library for Node, asked over standard input: {"verify": […]} or {"sign": […]}.
 * Answers a list with an entry for each: the event's type or the refusal; or the signature.
 */
import { readFileSync } from 'node:fs';
import DodoPayments from 'dodopayments';
import { Webhook } from 'standardwebhooks';

function verified({ body, headers, secret }) {
  const client = new DodoPayments({ bearerToken: 'none', webhookKey: secret });
  try {
    return { type: client.webhooks.unwrap(body, { headers }).type };
  } catch (error) {
    return { refused: String(error.message) };
  }
}

function signed({ id, at, body, secret }) {
  return new Webhook(secret).sign(id, new Date(at * 1000), body);
}

const asked = JSON.parse(readFileSync(0, 'utf8'));
const answers = asked.verify ? asked.verify.map(verified) : asked.sign.map(signed);
process.stdout.write(JSON.stringify(answers));
