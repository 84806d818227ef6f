// Takes the limits of input out of the API's description, so that forms check what the API checks.
import { readFileSync, writeFileSync } from 'node:fs';

const api = JSON.parse(readFileSync('openapi.json', 'utf8'));
const properties = (path) =>
  resolve(api.paths[path].post.requestBody.content['application/json'].schema).properties;
const resolve = (schema) =>
  schema.$ref ? api.components.schemas[schema.$ref.split('/').pop()] : schema;

const { name } = properties('/api/projects');
const { email, password } = properties('/api/sign-up');
const limits = {
  projectName: { pattern: name.pattern, maxLength: name.maxLength },
  email: { maxLength: email.maxLength },
  password: { minLength: password.minLength, maxLength: password.maxLength },
};
writeFileSync('src/api/limits.json', `${JSON.stringify(limits, null, 2)}\n`);
