export interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: { name: string; labels: Record<string, string>; value: number }[];
}

const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const labelPair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\n"])*)"(,|$)/y;

/** Reads Prometheus' text format as its documentation says. Throws for whatever is not in it, or is there twice. */
export function parseExposition(text: string): ParsedFamily[] {
  const families: ParsedFamily[] = [];
  const seen = new Set<string>();
  if (text !== '' && !text.endsWith('\n')) throw new Error('its last line does not end');
  for (const line of text.split('\n').slice(0, -1)) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (kind === 'HELP') {
      if (families.some((family) => family.name === name)) throw new Error(`${name} is there twice`);
      families.push({ name, type: '', help: unescape(rest), samples: [] });
      continue;
    }
    const family = families.at(-1);
    if (family === undefined) throw new Error(`before any family: ${line}`);
    if (kind === 'TYPE') {
      if (family.name !== name || !/^(counter|gauge|histogram)$/.test(rest)) throw new Error(line);
      Object.assign(family, { type: rest });
      continue;
    }
    const sample = sampleOf(line);
    if (!sample.name.startsWith(family.name)) throw new Error(`${line} belongs to no family`);
    const key = `${sample.name}${JSON.stringify(Object.entries(sample.labels).sort())}`;
    if (seen.has(key)) throw new Error(`twice: ${line}`);
    seen.add(key);
    family.samples.push(sample);
  }
  return families;
}

function sampleOf(line: string): ParsedFamily['samples'][number] {
  const [, name, inside = '', number = ''] = sampleLine.exec(line) ?? [];
  if (name === undefined) throw new Error(`no sample: ${line}`);
  const labels: Record<string, string> = {};
  for (labelPair.lastIndex = 0; labelPair.lastIndex < inside.length;) {
    const [, label, value = ''] = labelPair.exec(inside) ?? [];
    if (label === undefined || label in labels) throw new Error(`labels of ${line}`);
    labels[label] = unescape(value);
  }
  const value = Number(number.replace('Inf', 'Infinity'));
  if (Number.isNaN(value)) throw new Error(`no number: ${line}`);
  return { name, labels, value };
}

function unescape(text: string): string {
  return text.replace(/\\([\\n"])/g, (_, character: string) => (character === 'n' ? '\n' : character));
}
