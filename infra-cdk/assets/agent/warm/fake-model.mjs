// A model that says one word, for chats of which only the work around them matters.
import { createServer } from 'node:http';

const PORT = 18790;

const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
const chunk = (fields) => ({ id: 'warm', object: 'chat.completion.chunk', created: 0, model: 'warm', ...fields });
const stream = [
  chunk({ choices: [{ index: 0, delta: { role: 'assistant', content: 'warm' }, finish_reason: null }] }),
  chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
  chunk({ choices: [], usage }),
];

function answer(request, response) {
  request.resume().on('end', () => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of stream) response.write(`data: ${JSON.stringify(event)}\n\n`);
    response.end('data: [DONE]\n\n');
  });
}

// Fails when somebody listens there already, which would be another warm-up.
export function serveModel() {
  const server = createServer(answer);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(PORT, '127.0.0.1', () => resolve(server));
  });
}
