import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Project, jobFile } from './project.mjs';
import { atMost } from './sheet.mjs';

const extra = (name) => `${name}: beyond node -e 0`;

export const startup = {
  title: () => 'whole commands, from their start to their end, beside `node -e 0`',
  about: `In a project with 100 job files in its queue and nobody at work. \`fjr submit\` gets one job file.`,
  rounds: { full: 20, quick: 6 },
  async round(bench, sheet) {
    const project = new Project(bench);
    project.fill(100);
    const file = join(bench.home, 'submitted.conf');
    writeFileSync(file, jobFile('true'));
    const commands = {
      'node -e 0': [process.execPath, '-e', '0'],
      'fjr --help': project.argv('fjr', '--help'),
      'fjr status': project.argv('fjr', 'status'),
      'fjr submit': project.argv('fjr', 'submit', file),
    };
    const sides = Object.entries(commands).map(([name, argv]) => ({
      name,
      seconds: () => bench.processes.time(argv),
    }));
    const times = Object.fromEntries(await bench.alternate(sides));
    project.remove();
    for (const name of Object.keys(commands)) sheet.add(name, 'ms', times[name] * 1000);
    for (const name of Object.keys(commands).slice(1))
      sheet.add(extra(name), 'ms more', (times[name] - times['node -e 0']) * 1000);
  },
  goals: (sheet) => [atMost(60, extra('fjr submit'), sheet.median(extra('fjr submit')), 'ms')],
};
