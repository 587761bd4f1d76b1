import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FanOutFileError } from '../../../src/job/fan-out-file/problems.js';
import { readYamlTree } from '../../../src/job/fan-out-file/yaml-tree.js';
import { TestWorld } from './world.js';

/** What a text becomes; fails if anything is wrong with it. */
function read(
  text: string,
  env: Readonly<Record<string, string>> = {},
  world = new TestWorld({ env }),
): unknown {
  const { value, problems } = readYamlTree(text, world);
  if (problems.length > 0) throw new FanOutFileError('fjr.yaml', problems);
  return value;
}

/** Texts that YAML, or a naive reader of templates, would make something of. */
const nasty = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(
      ...Array.from(': "\'\n\r\t\\#{}[]&*!|>%@`-?,.'),
      'a',
      '1',
      '{{',
      '}}',
      '---',
      'fjrTemplate0e',
      '\u2028',
      'null',
    ),
  }),
);
const values = nasty.filter((text) => !text.includes('\0'));

describe('a template', () => {
  test('without quotes puts any value in exactly', () => {
    fc.assert(
      fc.property(values, values, (X, Y) => {
        expect(read('a: {{ Env "X" }}\nb:\n  - {{ Env "Y" }}\n  - c\n', { X, Y })).toEqual({
          a: X,
          b: [Y, 'c'],
        });
      }),
    );
  });

  test('puts any value in exactly in every kind of scalar', () => {
    fc.assert(
      fc.property(values, (X) => {
        const text = [
          'plain: before {{ Env "X" }} after',
          'double: "\\t{{ Env "X" }}\\t"',
          "single: 'it''s {{ Env `X` }}'",
          'flow: { a: {{ Env "X" }}, b: [{{ Env "X" }}, {{Env "X"}}{{Env "X"}}] }',
          'literal: |',
          '  # {{ Env "X" }}',
          '  echo {{ Env "X" }}',
          'folded: >-',
          '  {{ Env "X" }}',
          '  end',
        ].join('\n');
        expect(read(text, { X })).toEqual({
          plain: `before ${X} after`,
          double: `\t${X}\t`,
          single: `it's ${X}`,
          flow: { a: X, b: [X, X + X] },
          literal: `# ${X}\necho ${X}\n`,
          folded: `${X} end`,
        });
      }),
    );
  });

  test('stays a text where its value looks like something else', () => {
    const of = (X: string): unknown => read('a: {{ Env "X" }}\n', { X });
    for (const value of ['null', '~', 'true', '12', '[1]', '{a: 1}', '*a', '# a', '2026-11-21', ''])
      expect(of(value)).toEqual({ a: value });
  });

  test('knows what a run knows', () => {
    const text = 'a: "{{ .RunID }} {{.Project}} {{ .User }} {{ .Host }} {{ .Date }}"\n';
    expect(read(text)).toEqual({ a: 'run-k3f9 default me vm 2026-11-21' });
  });

  test('of a variable that is not set is empty', () => {
    expect(read('a: {{ Env "X" }}\nb: x{{ Env "X" }}y\n')).toEqual({ a: '', b: 'xy' });
  });

  test.each(['{{ Env "X" | Required }}', '{{ Required (Env "X") }}', '{{ "X" | Env | Required }}'])(
    'demands a value: %s',
    (template) => {
      expect(read(`a: ${template}\n`, { X: 'x' })).toEqual({ a: 'x' });
      expect(() => read(`a: ${template}\n`)).toThrow('Env "X" is empty');
    },
  );

  test('runs a real command line, pipes and quotes included', () => {
    const text = "a: {{ Exec `printf '%s\\n' \"a: b\" '' | tr a-z A-Z` }}\n";
    expect(read(text)).toEqual({ a: 'A: B' });
  });

  test('may make a command of a variable', () => {
    expect(read('a: {{ Exec (Env "LINE") }}\n', { LINE: 'echo "}}"' })).toEqual({ a: '}}' });
  });

  test('runs its command once, however often aliases repeat it', () => {
    const world = new TestWorld();
    expect(read('a: &a {{ Exec "echo x" }}\nb: *a\nc: [*a, *a]\n', {}, world)).toEqual({
      a: 'x',
      b: 'x',
      c: ['x', 'x'],
    });
    expect(world.commands).toEqual(['echo x']);
  });

  test('in a comment is a comment', () => {
    const world = new TestWorld();
    expect(read('# {{ Exec "echo x" }} {{ Nonsense }} {{\na: 1 # {{ }}\n', {}, world)).toEqual({ a: 1 });
    expect(world.commands).toEqual([]);
  });

  test('that is a comment is nothing', () => {
    const text = [
      '{{/* the password\'s "owner" }} */}}',
      'a: x {{- /* nothing */ -}}  y {{/* more */}}z',
      '{{- /* two',
      'lines */ -}}',
      'b: {{ Env "X" }}',
    ].join('\n');
    expect(read(text, { X: 'x' })).toEqual({ a: 'xy z', b: 'x' });
  });

  test('takes the white space around it away, if it says so', () => {
    const text =
      'a: one  {{- Env "X" -}}  two\nb: |\n  one\n  {{- Env "X" }}\n  two\nc: {{- Env "X" -}}\nd: e\n';
    expect(read(text, { X: ' x ' })).toEqual({ a: 'one x two', b: 'one x \ntwo\n', c: ' x ', d: 'e' });
  });

  test('can stand for braces', () => {
    const text = 'a: docker ps --format {{ "{{" }}.ID{{ `}}` }}\n';
    expect(read(text)).toEqual({ a: 'docker ps --format {{.ID}}' });
  });

  test.each(['{}', '{1}', '{#}', '{.}', '{/}', '{//}', '{1/.}', '${X}', '{a,b}', '{ {} }'])(
    'is not what placeholders of tasks are: %s',
    (placeholder) => {
      expect(read(`a: "x ${placeholder}"\nb: echo ${placeholder}\n`)).toEqual({
        a: `x ${placeholder}`,
        b: `echo ${placeholder}`,
      });
    },
  );

  test('tells what may be secret: what came from outside, wherever it went', () => {
    const text = [
      'docker:',
      '  password: &p x{{ Env "X" }}{{ Exec "echo y" }}',
      '  date: {{ .Date }}',
      'list: [a, *p, {{ Env "UNSET" }}]',
    ].join('\n');
    expect(readYamlTree(text, new TestWorld({ env: { X: 'secret' } })).secrets).toEqual([
      { path: ['docker', 'password'], values: ['secret', 'y'] },
      { path: ['list', 1], values: ['secret', 'y'] },
      { path: ['list', 2], values: [] },
    ]);
  });
});

describe('a number', () => {
  test('that would come out as another than was written is a text', () => {
    const text = 'a: [1, -2, 1.5, 0, 010, 1.10, 0x1F, 0o17, 1e3, 12345678901234567890, +1, .5, .inf]\n';
    expect(read(text)).toEqual({
      a: [1, -2, 1.5, 0, '010', '1.10', '0x1F', '0o17', '1e3', '12345678901234567890', '+1', '.5', '.inf'],
    });
  });

  test('or a truth value is what it looks like', () => {
    expect(read('a: [true, True, no, "true", ~, 2026-11-21]\n')).toEqual({
      a: [true, 'True', 'no', 'true', null, '2026-11-21'],
    });
  });
});
