/** The API's description, turned into what a reader looks for. Whatever is odd in it is left out. */

export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  enum?: unknown[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
}

interface Media {
  content?: Record<string, { schema?: Schema }>;
}

interface OperationObject {
  tags?: string[];
  summary?: string;
  description?: string;
  security?: Record<string, unknown>[];
  parameters?: { name: string; in: string; required?: boolean; description?: string }[];
  requestBody?: Media;
  responses?: Record<string, Media & { description?: string }>;
}

export interface Description {
  paths?: Record<string, Record<string, OperationObject>>;
  components?: { schemas?: Record<string, Schema> };
}

export interface Line {
  name: string;
  type: string;
  required: boolean;
  about: string;
}

export interface Operation {
  id: string;
  method: string;
  path: string;
  summary: string;
  about: string;
  signedIn: boolean;
  /** An access token does as well. */
  takesTokens: boolean;
  parameters: Line[];
  body: Line[];
  answers: { status: string; about: string; type: string; fields: Line[] }[];
}

export interface Group {
  name: string;
  operations: Operation[];
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

export function groupsOf(api: Description): Group[] {
  const groups = new Map<string, Operation[]>();
  for (const [path, item] of Object.entries(api.paths ?? {})) {
    for (const method of METHODS) {
      const found = item[method];
      if (!found) continue;
      const tag = found.tags?.[0] ?? 'other';
      groups.set(tag, [...(groups.get(tag) ?? []), operationOf(api, method, path, found)]);
    }
  }
  return [...groups].map(([name, operations]) => ({ name, operations }));
}

function operationOf(
  api: Description,
  method: string,
  path: string,
  found: OperationObject,
): Operation {
  const parameters = (found.parameters ?? []).map((it) => ({
    name: it.name,
    type: it.in,
    required: it.required ?? false,
    about: it.description ?? '',
  }));
  const answers = Object.entries(found.responses ?? {})
    .filter(([status]) => status !== 'default')
    .map(([status, answer]) => ({
      status,
      about: answer.description ?? '',
      type: typeOf(jsonOf(answer)),
      fields: linesOf(api, itemOf(jsonOf(answer))),
    }));
  return {
    id: `${method}-${path.replace(/[^a-z0-9]+/gi, '-')}`,
    method: method.toUpperCase(),
    path,
    summary: found.summary ?? '',
    about: found.description ?? '',
    signedIn: (found.security ?? []).length > 0,
    takesTokens: (found.security ?? []).some((it) => 'access_token' in it),
    parameters,
    body: linesOf(api, jsonOf(found.requestBody)),
    answers,
  };
}

function jsonOf(media: Media | undefined): Schema | undefined {
  return media?.content?.['application/json']?.schema;
}

/** Of a list, what is in it. */
function itemOf(schema: Schema | undefined): Schema | undefined {
  return schema?.type === 'array' ? schema.items : schema;
}

function resolve(api: Description, schema: Schema): Schema {
  const name = schema.$ref?.split('/').pop();
  return (name && api.components?.schemas?.[name]) || schema;
}

function linesOf(api: Description, schema: Schema | undefined): Line[] {
  if (!schema) return [];
  const whole = resolve(api, schema);
  const inherited = (whole.allOf ?? []).flatMap((it) => linesOf(api, it));
  const own = Object.entries(whole.properties ?? {}).map(([name, field]) => ({
    name,
    type: typeOf(choiceIn(api, field)),
    required: whole.required?.includes(name) ?? false,
    about: field.description ?? '',
  }));
  return [...inherited, ...own];
}

/** A name for a few fixed words says less than the words. */
function choiceIn(api: Description, field: Schema): Schema {
  const whole = resolve(api, field);
  return whole.enum ? whole : field;
}

/** `string`, `list of ProjectView`, `"read" or "write"`, `string or null`. */
export function typeOf(schema: Schema | undefined): string {
  if (!schema) return '';
  if (schema.$ref) return schema.$ref.split('/').pop() ?? '';
  if (schema.enum) return schema.enum.map((it) => JSON.stringify(it)).join(' or ');
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) {
    const names = choices.map(typeOf);
    return [...names.filter((it) => it !== 'null'), ...names.filter((it) => it === 'null')].join(
      ' or ',
    );
  }
  if (schema.type === 'array') return `list of ${typeOf(schema.items)}`;
  const types = [schema.type ?? 'object'].flat();
  const [first = 'object', ...rest] = types;
  return [schema.format === 'date-time' ? 'time' : first, ...rest].join(' or ');
}
