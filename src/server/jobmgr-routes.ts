import type { Hono } from 'hono';
import { parseEntryName } from '../queue/entry-name.js';
import { perform } from '../queue/perform.js';
import type { Place } from '../queue/places.js';
import { accept } from './accept/accept.js';
import type { NumberDesk } from './accept/number-desk.js';
import { type Ask, type ServerEnv, refuse } from './answers.js';
import type { Artifact, ArtifactBook } from './artifact-book.js';
import { inAnotherStore } from './artifact-route.js';
import { keyOf, needs } from './authenticate.js';
import { nextNumber } from './claim-numbers.js';
import type { EventFeed } from './events/event-feed.js';
import type { LiveIndex } from './feed/live-index.js';
import { limitBody } from './limit-body.js';
import { readResult } from './read-result.js';
import type { Served } from './served.js';
import type { ServedJob, ServedJobs } from './served-jobs.js';
import type { ServerPaths } from './server-paths.js';
import type { SignedLinks } from './signed-links.js';
import { readWait, waitForEnd } from './wait-for-end.js';

/** What routes work with. */
export interface Desk {
  readonly served: Served;
  readonly paths: ServerPaths;
  readonly index: LiveIndex;
  readonly feed: EventFeed;
  readonly jobs: ServedJobs;
  readonly numbers: NumberDesk;
  readonly artifacts: ArtifactBook;
  readonly links: SignedLinks;
}

/** Bytes of a request's body. */
const longestBody = 1024 * 1024;

/** jobmgr's API, as its clients know it: names, order and nulls, and refusals that are answered with 200. */
export function addJobmgrRoutes(app: Hono<ServerEnv>, desk: Desk): void {
  const limit = limitBody(longestBody, (ask, detail) => refuse(ask, 'body_too_large', 413, detail));
  app.post('/jobs/start', needs('spec'), limit, (ask) => start(ask, desk));
  app.get('/jobs/get', needs('read'), (ask) => get(ask, desk));
  app.get('/artifacts/download', needs('read'), (ask) => download(ask, desk));
}

async function start(ask: Ask, desk: Desk): Promise<Response> {
  const form = await readForm(ask);
  const [name, text] = [form?.get('name'), form?.get('parameters')];
  if (typeof name !== 'string' || name === '' || typeof text !== 'string' || text === '')
    return refuse(ask, 'missing_params');
  const parameters = parseParameters(text);
  if (parameters === undefined) return refuse(ask, 'invalid_params');
  const accepted = await accept(desk, { kind: 'spec', name, parameters }, keyOf(ask));
  if (accepted.kind === 'refused') return refuse(ask, accepted.error, 200, accepted.message);
  return ask.json({ status: 'ok', created: accepted.number });
}

/** Undefined: it is no form. */
async function readForm(ask: Ask): Promise<URLSearchParams | FormData | undefined> {
  const type = ask.req.header('Content-Type') ?? '';
  if (/^application\/x-www-form-urlencoded(;|$)/i.test(type))
    return new URLSearchParams(await ask.req.text());
  return /^multipart\/form-data;/i.test(type) ? ask.req.formData().catch(() => undefined) : undefined;
}

/** A JSON object of strings. */
function parseParameters(text: string): Map<string, string> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const entries = Object.entries(value);
  return entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')
    ? new Map(entries)
    : undefined;
}

async function get(ask: Ask, desk: Desk): Promise<Response> {
  const { served, paths, jobs, artifacts } = desk;
  const id = askedNumber(ask);
  if (typeof id !== 'number') return id;
  const wait = readWait(ask.req.query('wait'));
  if (wait === undefined) return refuse(ask, 'invalid_params');
  // Numbers that nobody was given need not be looked for.
  const isGiven = id < perform(served.files, nextNumber(paths, 'job'));
  let found = isGiven ? await jobs.find(id) : undefined;
  if (found !== undefined && found.ended === undefined && wait > 0) {
    const { entry } = found.place;
    await waitForEnd(desk, { id: entry, name: parseEntryName(entry).job }, wait, ask);
    found = await jobs.find(id);
  }
  if (found === undefined) return refuse(ask, 'unknown_job', 200, `there is no job ${id}`);
  const isOver = found.ended !== undefined;
  const left = isOver ? await artifacts.of(found) : [];
  return ask.json({
    status: 'ok',
    job: jobAnswer(found),
    result: isOver ? readResult(served.files, served.layout, found.place.entry) : null,
    artifacts: left.length === 0 ? null : left.map(artifactAnswer),
  });
}

/** jobmgr gives every job this one; it has nothing to set it with. */
const priority = 50;
/** jobmgr knows one user. */
const user = 1;

const statuses: Readonly<Record<Place['state'], string>> = {
  waiting: 'queued',
  assigned: 'queued',
  running: 'started',
  done: 'completed',
  failed: 'failed',
};

function jobAnswer({ job, place, started, ended }: ServedJob): object {
  return {
    id: job.id,
    status: statuses[place.state],
    priority,
    name: job.jobspec,
    parameters: job.parameters,
    created: unixSeconds(job.created),
    started: started === undefined ? null : unixSeconds(started),
    completed: ended === undefined ? null : unixSeconds(ended),
    userID: user,
  };
}

function artifactAnswer({ id, name, mime, size, uuid, created, jobID }: Artifact): object {
  return { id, name, mime, size, uuid, created: unixSeconds(created), jobID };
}

async function download(ask: Ask, { artifacts }: Desk): Promise<Response> {
  const id = askedNumber(ask);
  if (typeof id !== 'number') return id;
  const artifact = artifacts.find(id);
  const found = artifact === undefined ? undefined : await artifacts.locate(artifact);
  if (artifact === undefined || found === undefined || found.kind === 'gone')
    return refuse(ask, 'unknown_artifact', 200, `there is no artifact ${id}`);
  if (found.kind === 'elsewhere')
    return refuse(ask, 'artifact_elsewhere', 200, inAnotherStore(id, found.place));
  if (found.kind === 'here') await found.file.close();
  return ask.redirect(found.kind === 'stored' ? found.link : await artifacts.linkTo(artifact), 307);
}

/** The number in `?id=`, or what is wrong with it. */
function askedNumber(ask: Ask): number | Response {
  const text = ask.req.query('id') ?? '';
  if (text === '') return refuse(ask, 'missing_params');
  return parseNumber(text) ?? refuse(ask, 'invalid_params');
}

export function parseNumber(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function unixSeconds(time: string): number {
  return Math.floor(Date.parse(time) / 1000);
}
