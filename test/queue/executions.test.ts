import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Executions } from '../../src/queue/executions.js';

/** What it must come to: one number for each line. */
class Plain {
  readonly said: (string | undefined)[] = [];
  add(task: number, result: string): boolean {
    const isNew = !this.said.includes(`${task} ${result}`);
    this.said.push(isNew ? `${task} ${result}` : undefined);
    return isNew;
  }
}

const line = fc.record({
  task: fc.integer({ min: 0, max: 12 }),
  result: fc.constantFrom('done', 'exit', 'lost'),
});

test('Stretches of lines come to the same as each line by itself', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 60 }), fc.nat(70), (lines, limit) => {
      const [short, plain] = [new Executions<string>(), new Plain()];
      for (const { task, result } of lines) expect(short.add(task, result)).toBe(plain.add(task, result));
      expect(short.lines).toBe(plain.said.length);
      const removed = [...short.cut(limit)].map(({ task, result }) => `${task} ${result}`);
      expect(removed).toEqual(plain.said.slice(limit).filter((said) => said !== undefined));
      const rest = plain.said.slice(0, limit);
      expect(short.lines).toBe(rest.length);
      for (let task = 0; task <= 12; task++)
        expect(short.isAbout(task)).toBe(rest.some((said) => said?.startsWith(`${task} `)));
    }),
    { numRuns: 2000 },
  );
});
