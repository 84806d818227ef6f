/**
 * The API, typed by its own description.
 *
 * Every call ends in an `Outcome`: data or a problem. Nothing throws, so no page can forget it.
 */
import createClient from 'openapi-fetch';
import { authorized } from '../app/session.svelte.ts';
import { OFFLINE, type Problem, problemOf } from './problem.ts';
import type { paths } from './schema.d.ts';

export const api = createClient<paths>({ baseUrl: location.origin, fetch: authorized });

export type Outcome<T> = { data: T; problem?: undefined } | { data?: undefined; problem: Problem };

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Waits for a call. An empty answer that was meant to be empty is data as well. */
export async function ask<T>(call: Promise<Answer<T>>): Promise<Outcome<T>> {
  try {
    const { data, error, response } = await call;
    if (response.ok) return { data: data as T };
    return { problem: problemOf(response.status, error, response.headers.get('retry-after')) };
  } catch {
    return { problem: OFFLINE };
  }
}
