import type * as z from 'zod';
import { didYouMean } from '../did-you-mean.js';
import { shorten } from '../shorten.js';
import { type KeyPath, type Problem, formatKeyPath } from './problems.js';
import { isMap } from './schema-parts.js';
import type { YamlTree } from './yaml-tree.js';

type Issue = z.core.$ZodIssue;

/** Sentences for what the schema has found, each with its place in the file. */
export function schemaProblems(issues: readonly Issue[], tree: YamlTree): Problem[] {
  const problems = issues.flatMap((issue) => problemsOf(issue, [], tree));
  // A union's parts may say the same twice.
  const distinct = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  return [...distinct.values()];
}

function problemsOf(issue: Issue, above: KeyPath, tree: YamlTree): Problem[] {
  const path = [...above, ...issue.path.map((key) => (typeof key === 'number' ? key : String(key)))];
  if (tree.isUnknown(path)) return [];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, issue.message.split(', '), path, tree));
    case 'invalid_union': {
      const meant = branchMeant(issue.errors);
      return meant?.flatMap((inner) => problemsOf(inner, path, tree)) ?? [unexpected(issue, path, tree)];
    }
    case 'invalid_key':
      return [badKey(issue, path, tree)];
    case 'custom':
      return [isRule(issue) ? brokenRule(issue, path, tree) : unexpected(issue, path, tree)];
    default:
      return [unexpected(issue, path, tree)];
  }
}

/** Of a union's parts, the one whose type the value has: what is wrong within it is what there is to say. */
function branchMeant(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const fitting = branches.filter(
    (issues) => !issues.some(({ code, path }) => path.length === 0 && code.startsWith('invalid_')),
  );
  return fitting.length === 1 ? fitting[0] : undefined;
}

function unknownKey(key: string, known: readonly string[], path: KeyPath, tree: YamlTree): Problem {
  const near = didYouMean(key, known);
  return {
    ...tree.placeOfKey([...path, key]),
    what: `unknown key "${shorten(key)}"${within(path)}`,
    hint: near === undefined ? `known are ${known.join(', ')}` : `did you mean "${near}"?`,
  };
}

function within(path: KeyPath): string {
  return path.length === 0 ? '' : ` in ${formatKeyPath(path)}`;
}

function badKey(issue: Issue & { code: 'invalid_key' }, path: KeyPath, tree: YamlTree): Problem {
  return {
    ...tree.placeOfKey(path),
    what: `"${shorten(String(path.at(-1)))}" cannot be a key${within(path.slice(0, -1))}`,
    hint: `expected ${issue.issues[0]?.message ?? 'another'}`,
  };
}

function isRule(issue: Issue & { code: 'custom' }): boolean {
  return issue.params !== undefined;
}

function brokenRule(issue: Issue & { code: 'custom' }, path: KeyPath, tree: YamlTree): Problem {
  const subject = path.length === 0 ? '' : `${formatKeyPath(path)}: `;
  return {
    ...tree.placeOfKey(path),
    what: subject + issue.message,
    hint: issue.params?.['hint'] as string | undefined,
  };
}

function unexpected(issue: Issue, path: KeyPath, tree: YamlTree): Problem {
  const value = valueAt(tree.value, path);
  const hint = expectation(issue, value);
  const key = path.at(-1);
  if (value === undefined && typeof key === 'string') {
    const around = path.slice(0, -1);
    return { ...tree.placeOfKey(around), what: `"${key}" is missing${within(around)}`, hint };
  }
  return { ...tree.placeOf(path), what: `${formatKeyPath(path)} is ${show(value, path, tree)}`, hint };
}

function expectation(issue: Issue, value: unknown): string {
  if (issue.code === 'invalid_value' && typeof value === 'string') {
    const near = didYouMean(value, issue.values.map(String));
    if (near !== undefined) return `did you mean "${near}"?`;
  }
  return `expected ${issue.message}`;
}

function valueAt(value: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>((inner, key) => {
    if (Array.isArray(inner)) return inner[Number(key)] as unknown;
    return isMap(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined;
  }, value);
}

function show(value: unknown, path: KeyPath, tree: YamlTree): string {
  if (value === null || value === undefined || value === '') return 'empty';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (isMap(value)) return Object.keys(value).length === 0 ? 'an empty map' : 'a map';
  // It may be a password that went astray.
  if (tree.secrets.some((secret) => samePath(secret.path, path))) return 'not what is expected there';
  return typeof value === 'string' ? `"${shorten(value)}"` : JSON.stringify(value);
}

function samePath(a: KeyPath, b: KeyPath): boolean {
  return a.length === b.length && a.every((key, index) => key === b[index]);
}
