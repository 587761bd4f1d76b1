import type { Ask } from '../answers.js';

/** Lists and objects in each other; what DECODE's clients send has a few. */
const deepest = 100;

export type Json =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'broken'; readonly why: string };

/** What a body says. */
export function readJson(text: string): Json {
  if (text.trim() === '') return { kind: 'nothing' };
  try {
    const value: unknown = JSON.parse(text);
    return isDeeper(value, deepest)
      ? { kind: 'broken', why: `nested in more than ${deepest} levels` }
      : { kind: 'value', value };
  } catch (error) {
    return { kind: 'broken', why: error instanceof Error ? error.message : String(error) };
  }
}

/** A refusal of a body that is no JSON, as FastAPI says it. */
export function invalidJson(ask: Ask, why: string): Response {
  const detail = { type: 'json_invalid', loc: ['body'], msg: `JSON decode error: ${why}`, input: {} };
  return ask.json({ detail: [detail] }, 422);
}

/** Level by level: whoever goes down instead has his stack overflow by a hostile value, as JSON.stringify does. */
function isDeeper(value: unknown, most: number): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > most) return true;
    level = level.flatMap((one) =>
      typeof one === 'object' && one !== null ? (Object.values(one) as unknown[]) : [],
    );
  }
  return false;
}
