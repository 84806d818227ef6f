// A model that says one word. The warm run needs an answer so that the modules of a first chat are
// compiled too; what the answer says does not matter.
import { createServer } from 'node:http';

const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
const chunk = (fields) => ({ id: 'warm', object: 'chat.completion.chunk', created: 0, model: 'warm', ...fields });
const stream = [
  chunk({ choices: [{ index: 0, delta: { role: 'assistant', content: 'warm' }, finish_reason: null }] }),
  chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
  chunk({ choices: [], usage }),
];

createServer((request, response) => {
  request.resume().on('end', () => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of stream) response.write(`data: ${JSON.stringify(event)}\n\n`);
    response.end('data: [DONE]\n\n');
  });
}).listen(4582, '127.0.0.1');
