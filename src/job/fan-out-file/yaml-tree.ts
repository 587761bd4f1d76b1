import {
  type Alias,
  type Document,
  type Node,
  type Pair,
  type YAMLError,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
} from 'yaml';
import type { KeyPath, Place, Problem } from './problems.js';
import { SourcePlaces } from './source-places.js';
import { TemplateError } from './template-expression.js';
import { type TemplateValue, TemplateValues } from './template-values.js';
import { MarkedText } from './templates.js';
import type { FanOutFileWorld } from './world.js';

/** A scalar into which a template put what may be a secret. */
export interface Secret {
  readonly path: KeyPath;
  /** What was put in; not the empty ones. */
  readonly values: readonly string[];
}

/** A fan-out file as plain values, and where in its text each of them stands. */
export interface YamlTree {
  /** Undefined: the text is no YAML. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  readonly secrets: readonly Secret[];
  /** Where a value, or the nearest thing around it, stands. */
  placeOf(path: KeyPath): Place;
  /** Where the key of a value stands. */
  placeOfKey(path: KeyPath): Place;
  /** Whether its template failed: whatever else is wrong with the value follows from that. */
  isUnknown(path: KeyPath): boolean;
}

export function readYamlTree(text: string, world: FanOutFileWorld): YamlTree {
  const original = text.replace(/^\uFEFF/, '');
  const marked = new MarkedText(original);
  const document = parseDocument(marked.text, {
    prettyErrors: false,
    logLevel: 'error',
    resolveKnownTags: false,
  });
  const reader = new Reader(original, marked, document, new TemplateValues(world));
  const value = reader.read();
  const { problems, secrets, unknown, places } = reader;
  return {
    value,
    problems,
    secrets,
    placeOf: (path) => places.ofValue(path),
    placeOfKey: (path) => places.ofKey(path),
    isUnknown: (path) => unknown.has(JSON.stringify(path)),
  };
}

/** Nodes that aliases may repeat in all, and levels. */
const mostRepeated = 10_000;
const deepest = 100;

/** Where in the tree a node is. */
interface Position {
  readonly path: KeyPath;
  readonly above: readonly Node[];
  /** Whether an alias leads here. */
  readonly repeated: boolean;
}

class Reader {
  readonly problems: Problem[] = [];
  readonly secrets: Secret[] = [];
  /** Paths as JSON. */
  readonly unknown = new Set<string>();
  readonly places: SourcePlaces;
  readonly #original: string;
  readonly #marked: MarkedText;
  readonly #document: Document.Parsed;
  readonly #templates: TemplateValues;
  readonly #failed = new Set<TemplateError>();
  #repeated = 0;

  constructor(original: string, marked: MarkedText, document: Document.Parsed, templates: TemplateValues) {
    this.places = new SourcePlaces(original, marked);
    this.#original = original;
    this.#marked = marked;
    this.#document = document;
    this.#templates = templates;
  }

  read(): unknown {
    const { errors, warnings, contents } = this.#document;
    // The parser may complain of one thing in several ways.
    const found = new Map([...errors, ...warnings].reverse().map((error) => [error.pos[0], error]));
    for (const error of found.values()) this.#problem(error.pos[0], `not YAML: ${this.#sentence(error)}`);
    // No command is run for a text that cannot be read.
    if (this.problems.length > 0) return undefined;
    return this.#node(contents, { path: [], above: [], repeated: false });
  }

  #sentence({ code, message }: YAMLError): string {
    if (code === 'MULTIPLE_DOCS') return 'a second document begins';
    const [first = ''] = this.#marked.restore(message, this.#original).split('\n');
    return first.replace(/[:.]$/, '');
  }

  #problem(offset: number, what: string, hint?: string): void {
    this.problems.push({ ...this.places.ofMarked(offset), what, hint });
  }

  #node(node: Node | null, at: Position): unknown {
    if (node === null) return null;
    const start = node.range?.[0] ?? 0;
    if (!isEmpty(node)) this.places.addValue(at.path, start);
    const inside = { ...at, above: [...at.above, node] };
    if (inside.above.length > deepest) return this.#refuse(inside, start, `more than ${deepest} levels deep`);
    if (at.repeated && ++this.#repeated > mostRepeated)
      return this.#refuse(at, start, 'aliases repeat too much');
    if (isAlias(node)) return this.#target(node, start, inside);
    if (isMap(node)) return this.#map(node.items as Pair<Node, Node>[], inside);
    if (isSeq(node))
      return node.items.map((item, index) =>
        this.#node(item as Node, { ...inside, path: [...at.path, index] }),
      );
    return isScalar(node) ? this.#scalar(node, at.path, start) : null;
  }

  #target(alias: Alias, start: number, at: Position): unknown {
    const target = alias.resolve(this.#document);
    const name = `*${alias.source}`;
    if (target === undefined)
      return this.#refuse(
        at,
        start,
        `${name} refers to nothing`,
        'a text that begins with * stands in quotes',
      );
    if (at.above.includes(target)) return this.#refuse(at, start, `${name} contains itself`);
    return this.#node(target, { ...at, repeated: true });
  }

  /** One such problem is enough. */
  #refuse({ path }: Position, offset: number, what: string, hint?: string): null {
    this.unknown.add(JSON.stringify(path));
    if (!this.problems.some((problem) => problem.what === what)) this.#problem(offset, what, hint);
    return null;
  }

  #map(items: readonly Pair<Node, Node>[], at: Position): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    for (const { key, value } of items) {
      const offset = key.range?.[0] ?? 0;
      const name = isScalar(key) ? (key.source ?? '') : undefined;
      const fault = this.#keyFault(name);
      if (name === undefined || fault !== undefined) {
        this.#problem(offset, fault ?? '', 'write the key out');
        continue;
      }
      const path = [...at.path, name];
      this.places.addKey(path, offset);
      map[name] = this.#node(value, { ...at, path });
    }
    return map;
  }

  #keyFault(name: string | undefined): string | undefined {
    if (name === undefined) return 'a key is a list, a map or an alias';
    // zod, as most of JavaScript, passes over this one without a word.
    if (name === '__proto__') return '"__proto__" cannot be a key';
    return this.#marked.templatesIn(name).length > 0 ? 'a template cannot be a key' : undefined;
  }

  #scalar({ value, source }: ScalarNode, path: KeyPath, offset: number): unknown {
    if (typeof value === 'string') return this.#fill(value, path, offset);
    if (value === null || source === undefined) return value;
    // 010, 1.10 and 12345678901234567890 are texts: as numbers they would come out as others than were written.
    return source === JSON.stringify(value) ? value : source;
  }

  #fill(scalar: string, path: KeyPath, offset: number): string {
    const secrets: TemplateValue[] = [];
    const text = this.#marked.replace(scalar, (template) => {
      const value = this.#templates.of(template);
      if (value instanceof TemplateError) {
        this.unknown.add(JSON.stringify(path));
        this.#fail(value, template.start);
        return '';
      }
      if (value.secret) secrets.push(value);
      return value.text;
    });
    const values = secrets.map((secret) => secret.text).filter((value) => value !== '');
    if (secrets.length > 0) this.secrets.push({ path, values });
    if (text.includes('\0')) this.#problem(offset, 'a NUL byte', 'no variable or argument can hold one');
    return text;
  }

  #fail(error: TemplateError, start: number): void {
    if (this.#failed.has(error)) return;
    this.#failed.add(error);
    this.problems.push({ ...this.places.ofOriginal(start), what: error.message, hint: error.hint });
  }
}

interface ScalarNode {
  readonly value: unknown;
  readonly source?: string;
}

/** A key without a value has one that stands nowhere. */
function isEmpty(node: Node): boolean {
  return isScalar(node) && node.value === null && node.source === '';
}
