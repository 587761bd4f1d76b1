import { explain, simulate } from './simulate.js';
import { historical, mutants } from './mutants.js';
for (const m of [...mutants, ...historical]) {
  const only = process.argv[2];
  if (only && !m.rule.includes(only)) continue;
  const start = performance.now();
  const r = simulate(1, Number(process.argv[3] ?? 10000), m.habits, JSON.parse(process.argv[4] ?? 'null') ?? JSON.parse(process.argv[4] ?? 'null') ?? JSON.parse(process.argv[4] ?? 'null') ?? m.limits, m.fault);
  const ms = performance.now() - start;
  console.log(
    `${r.played} schedules, ${ms.toFixed(0)} ms: ${m.rule}: ${r.fault?.what ?? '—'} ${m.fault.test(r.fault?.what ?? '') ? '' : 'UNEXPECTED'}`,
  );
  if (only && r.fault) console.log(explain(r.fault, m.habits));
}
