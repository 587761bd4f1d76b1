/** What the address says is to be shown. */
export type Place =
  | { readonly view: 'overview' }
  | { readonly view: 'jobs'; readonly state: string; readonly kind: string; readonly text: string }
  | { readonly view: 'job'; readonly id: string }
  | { readonly view: 'unknown' };

export function placeOf(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [view, id, ...rest] = path.split('/');
  if (path === '') return { view: 'overview' };
  if (rest.length > 0) return { view: 'unknown' };
  if ((view === 'jobs' || view === 'runs') && id !== undefined && id !== '') return jobPlace(id);
  if (view !== 'jobs') return { view: 'unknown' };
  const words = new URLSearchParams(query);
  const word = (name: string): string => words.get(name) ?? '';
  return { view: 'jobs', state: word('state'), kind: word('kind'), text: word('q') };
}

function jobPlace(id: string): Place {
  try {
    return { view: 'job', id: decodeURIComponent(id) };
  } catch {
    // Half an escape: the link was cut.
    return { view: 'unknown' };
  }
}

export function linkToJob(id: string): string {
  return `#/jobs/${encodeURIComponent(id)}`;
}

export function linkToJobs(query: Readonly<Record<string, string>>): string {
  const words = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString();
  return words === '' ? '#/jobs' : `#/jobs?${words}`;
}
