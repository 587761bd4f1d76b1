import { fixed } from './fixed.js';
import { explain, simulate } from './simulate.js';
import { right } from './habits.js';
import * as mutants from './mutants.js';
const [first = '1', count = '1000', limits = '{}', which] = process.argv.slice(2);
const habits = which === undefined ? right : which === 'fixed' ? fixed : (mutants as any).byName(which);
const start = performance.now();
const result = simulate(Number(first), Number(count), habits, JSON.parse(limits));
const s = (performance.now() - start) / 1000;
console.log(result.played, 'schedules in', s.toFixed(2), 's', (result.played / s).toFixed(0), '/s');
if (result.fault) console.log(explain(result.fault, habits));
if (process.env.TRACE) {
  const { scheduleFrom } = await import('./schedule.js');
  const { play } = await import('./simulate.js');
  const schedule = scheduleFrom(Number(process.env.TRACE));
  console.log(JSON.stringify(schedule.setup), schedule.choices.length);
  console.log(play(schedule, habits, (l) => console.log(l)));
}
