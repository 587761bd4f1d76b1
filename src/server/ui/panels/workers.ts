import { askJson } from '../ask-server.js';
import type { Busy, Crew } from '../api.js';
import { button, element, section, setText } from '../elements.js';
import { ticking } from '../job-cells.js';
import { linkToJob } from '../location.js';
import { Refresher, drawLater } from '../paced.js';
import { type Row, Rows, Still } from '../rows.js';
import type { Panel } from '../view.js';
import { bytes, count, counted, readable } from '../words.js';

/** Milliseconds between two looks, when something has changed. */
const pause = 3000;
const shownHosts = 12;
/** Above this a worker each is too small to see, and a bar says the same. */
const mostMarks = 64;

interface Host {
  readonly host: string;
  readonly workers: number;
  readonly busy: readonly Busy[];
  readonly machine: string;
}

/** Workers by host, and what they are busy with. */
export function workersPanel(): Panel {
  const list = element('ul', { class: 'hosts' });
  const empty = element('p', { class: 'none' }, 'Reading …');
  const sum = element('span', { class: 'aside' });
  let all = false;
  const more = button(
    '',
    () => {
      all = !all;
      draw();
    },
    'quiet',
  );
  const { root, head } = section('workers', 'Workers', list, more, empty);
  head.append(sum);
  const rows = new Rows<Host>(list, ({ host }) => host, hostRow);
  let hosts: readonly Host[] = [];
  const still = new Still(list, () => draw());
  const draw = drawLater(() => {
    rows.show(all ? hosts : hosts.slice(0, shownHosts), still.held);
    const workers = hosts.reduce((total, host) => total + host.workers, 0);
    const busy = hosts.reduce((total, host) => total + host.busy.length, 0);
    setText(sum, workers === 0 ? '' : `${count(busy)} of ${count(workers)} busy`);
    list.hidden = hosts.length === 0;
    empty.hidden = hosts.length > 0;
    setText(empty, 'Nobody works here yet: fjr-recruiter hires workers.');
    more.hidden = hosts.length <= shownHosts;
    setText(more, all ? 'Show fewer hosts' : `Show all ${count(hosts.length)} hosts`);
  });
  const refresher = new Refresher(async () => {
    hosts = byHost((await askJson<{ crews: readonly Crew[] }>('v1/crews')).crews);
    draw();
  }, pause);
  return {
    root,
    load: () => refresher.now(),
    hear: () => refresher.soon(),
    close: () => refresher.close(),
  };
}

function byHost(crews: readonly Crew[]): Host[] {
  const groups = new Map<string, Crew[]>();
  for (const crew of crews) groups.set(crew.host, [...(groups.get(crew.host) ?? []), crew]);
  return [...groups]
    .map(([host, own]) => ({
      host,
      workers: own.reduce((sum, { workers }) => sum + workers, 0),
      busy: own.flatMap(({ busy }) => busy),
      machine: describeMachine(own),
    }))
    .sort((a, b) => a.host.localeCompare(b.host, 'en', { numeric: true }));
}

/** Crews of one host say the same of it. */
function describeMachine([crew]: readonly Crew[]): string {
  if (crew === undefined) return '';
  const { cpus, memory, gpus } = crew;
  const parts = [counted(cpus, 'CPU'), bytes(memory), ...(gpus > 0 ? [counted(gpus, 'GPU')] : [])];
  return parts.join(' · ');
}

function hostRow(): Row<Host> {
  const name = element('span', { class: 'name' });
  const share = element('span', { class: 'number' });
  const machine = element('p', { class: 'words' });
  const marks = element('div', { class: 'marks', 'aria-hidden': 'true' });
  const tasks = element('tbody', {});
  const words = document.createTextNode('');
  const whose = element('span', { class: 'unseen' });
  const summary = element('summary', {}, words, whose);
  const details = element(
    'details',
    {},
    summary,
    element(
      'table',
      {},
      element(
        'thead',
        { class: 'unseen' },
        element(
          'tr',
          {},
          element('th', { scope: 'col' }, 'Worker'),
          element('th', { scope: 'col' }, 'Job'),
          element('th', { scope: 'col' }, 'For'),
        ),
      ),
      tasks,
    ),
  );
  const rows = new Rows<Busy>(tasks, ({ worker, id }) => `${worker ?? ''} ${id}`, busyRow);
  let shown: Host | undefined;
  details.addEventListener('toggle', () => {
    if (details.open && shown !== undefined) rows.show(shown.busy);
  });
  return {
    root: element('li', {}, element('div', { class: 'line' }, name, share), marks, machine, details),
    show: (host) => {
      shown = host;
      const { busy, workers } = host;
      setText(name, readable(host.host));
      setText(share, `${count(busy.length)} of ${count(workers)} busy`);
      setText(machine, host.machine);
      showMarks(marks, busy.length, workers);
      details.hidden = busy.length === 0;
      words.data = workers === 1 ? 'What it does' : 'What they do';
      setText(whose, ` on ${readable(host.host)}`);
      if (details.open) rows.show(busy);
    },
  };
}

function showMarks(marks: HTMLElement, busy: number, workers: number): void {
  const asBar = workers > mostMarks;
  marks.classList.toggle('as-bar', asBar);
  const wanted = asBar ? 1 : workers;
  while (marks.childElementCount > wanted) marks.lastElementChild?.remove();
  while (marks.childElementCount < wanted) marks.append(element('span', {}));
  const [first] = marks.children;
  if (asBar && first instanceof HTMLElement) first.style.width = `${(100 * busy) / workers}%`;
  else [...marks.children].forEach((mark, index) => mark.classList.toggle('is-busy', index < busy));
}

function busyRow(): Row<Busy> {
  const worker = element('td', {});
  const link = element('a', { class: 'name' });
  const since = element('td', { class: 'number' });
  return {
    root: element('tr', {}, worker, element('th', { scope: 'row' }, link), since),
    show: ({ worker: number, name, since: begun }) => {
      setText(worker, number === null ? '' : String(number));
      setText(link, readable(name));
      link.href = linkToJob(name);
      ticking(since, begun);
    },
  };
}
