// The gateway of this container as its owner sees it: chats over HTTP, everything else over its WebSocket.
// From loopback and with the token a `backend` client needs no device identity, so that nothing is paired.
const ADDRESS = '127.0.0.1:18789';

// Answers how long it took, in milliseconds.
export async function chat(token, session) {
  const began = performance.now();
  const response = await fetch(`http://${ADDRESS}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'x-openclaw-session-key': session,
    },
    body: JSON.stringify({ model: 'openclaw', messages: [{ role: 'user', content: 'warm' }] }),
  });
  const answer = await response.text();
  if (!response.ok || !answer.includes('"warm"')) throw new Error(`a chat was answered with ${response.status}`);
  return Math.round(performance.now() - began);
}

export async function connect(token) {
  const socket = new WebSocket(`ws://${ADDRESS}`);
  const waiting = new Map();
  const call = (method, params) =>
    new Promise((resolve, reject) => {
      const id = String(waiting.size + 1);
      waiting.set(id, { method, resolve, reject });
      socket.send(JSON.stringify({ type: 'req', id, method, params }));
    });
  await new Promise((resolve, reject) => {
    socket.onclose = ({ code }) => {
      const closed = new Error(`the gateway closed the connection with ${code}`);
      reject(closed);
      for (const { reject: abandon } of waiting.values()) abandon(closed);
    };
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(data);
      if (frame.event === 'connect.challenge') resolve();
      if (frame.type === 'res') settle(waiting.get(frame.id), frame);
    };
  });
  await call('connect', {
    minProtocol: 4,
    maxProtocol: 4,
    client: { id: 'gateway-client', version: '1', platform: 'linux', mode: 'backend' },
    role: 'operator',
    scopes: ['operator.admin', 'operator.read', 'operator.write'],
    caps: [],
    auth: { token },
  });
  return { call, close: () => socket.close() };
}

function settle({ method, resolve, reject }, { ok, payload, error }) {
  if (ok) resolve(payload);
  else reject(new Error(`${method}: ${error?.message}`));
}
