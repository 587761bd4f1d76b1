import { mkdirSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Background, RunOptions } from './background.js';
import { controlledProgram } from './controlled-job.js';
import type { Rig } from './rig.js';
import { waitUntil } from './wait-until.js';

/** What jobmgr's clients read of an answer. */
export interface JobAnswer {
  readonly status: string;
  readonly error?: string;
  readonly message?: string;
  readonly created?: number;
  readonly job?: {
    readonly id: number;
    readonly status: string;
    readonly created: number;
    readonly started: number | null;
    readonly completed: number | null;
    readonly parameters: Record<string, string>;
  };
  readonly result?: string | null;
  readonly artifacts?: readonly ArtifactAnswer[] | null;
}

export interface ArtifactAnswer {
  readonly id: number;
  readonly name: string;
  readonly mime: string;
  readonly size: number;
  readonly uuid: string;
  readonly created: number;
  readonly jobID: number;
}

/** `fjr serve` on a free port, and its requests as jobmgr's clients make them. */
export class TestServer {
  readonly process: Background;
  readonly url: string;
  readonly #rig: Rig;
  readonly staff: Background[] = [];

  private constructor(rig: Rig, process: Background, url: string) {
    this.#rig = rig;
    this.process = process;
    this.url = url;
  }

  /** Once it listens. */
  static async start(rig: Rig, args = ['--no-auth'], options: RunOptions = {}): Promise<TestServer> {
    const port = args.includes('--port') ? [] : ['--port', '0'];
    const process = rig.start('fjr', ['serve', '--no-fsync', ...port, ...args], options);
    const said = await waitUntil(
      'the server listens',
      () => process.exit ?? process.stdout,
      (seen) => typeof seen !== 'string' || seen.includes('[fjr] Serving project "'),
    );
    if (typeof said !== 'string') throw new Error(`the server ended: ${process.stderr}`);
    return new TestServer(rig, process, /https?:\/\/\S+/.exec(said)?.[0] ?? '');
  }

  /** A crew and a dispatcher, which do what is submitted. */
  async hire(workers = 2): Promise<void> {
    this.staff.push(await this.#rig.startCrew(['--workers', String(workers)]));
    this.staff.push(this.#rig.start('fjr-dispatcher', ['--keep-running', '--interval', '0.1']));
  }

  /** Ends it, and whom it has hired. */
  async stop(): Promise<void> {
    expect(await this.process.stop()).toMatchObject({ code: 0 });
    for (const member of this.staff) await member.stop();
  }

  async fetch(path: string, options: RequestInit = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, { redirect: 'manual', ...options });
  }

  async post(form: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
    return this.fetch('/jobs/start', { method: 'POST', body: new URLSearchParams(form), headers });
  }

  /** The answer to a submission. `key`: its `Idempotency-Key`. */
  async start(name: string, parameters: Record<string, string> = {}, key?: string): Promise<JobAnswer> {
    const headers = key === undefined ? {} : { 'Idempotency-Key': key };
    const response = await this.post({ name, parameters: JSON.stringify(parameters) }, headers);
    return (await response.json()) as JobAnswer;
  }

  async get(id: number): Promise<JobAnswer> {
    return (await (await this.fetch(`/jobs/get?id=${id}`)).json()) as JobAnswer;
  }

  /** Submits, and waits for the end. */
  async run(name: string, parameters: Record<string, string> = {}): Promise<JobAnswer> {
    const answer = await this.start(name, parameters);
    if (answer.created === undefined) throw new Error(`${name} was refused: ${JSON.stringify(answer)}`);
    return this.ended(answer.created);
  }

  async ended(id: number): Promise<JobAnswer> {
    return waitUntil(
      `job ${id} has ended`,
      () => this.get(id),
      ({ job }) => job?.status === 'completed' || job?.status === 'failed',
    );
  }

  /** A link to an artifact that needs no more permission. */
  async linkTo(artifact: number): Promise<string> {
    const response = await this.fetch(`/artifacts/download?id=${artifact}`);
    return response.headers.get('Location') ?? '';
  }
}

/** A spec, `jobspecs/NAME.toml`. */
export function writeSpec(rig: Rig, name: string, toml: string): void {
  const { root } = rig.project();
  mkdirSync(`${root}/jobspecs`, { recursive: true, mode: 0o700 });
  writeFileSync(`${root}/jobspecs/${name}.toml`, toml);
}

/** A spec that runs lines of shell. */
export function writeShellSpec(rig: Rig, name: string, script: string, rest = ''): void {
  writeSpec(
    rig,
    name,
    `Command = "/bin/sh"\nArguments = ["-c", ${JSON.stringify(script)}]\nPreserveEnvVars = ["PATH", "LEDGER"]\n${rest}`,
  );
}

/** A spec of jobs that the test controls. */
export function writeControlledSpec(rig: Rig, name: string, rest = ''): void {
  const argument = JSON.stringify(controlledProgram);
  const preserve = 'PreserveEnvVars = ["FJR_TEST_SOCKET", "FJR_JOB", "FJR_ATTEMPT"]';
  writeSpec(
    rig,
    name,
    `Command = ${JSON.stringify(process.execPath)}\nArguments = [${argument}]\nTimeout = "1m"\n${preserve}\n${rest}`,
  );
}

/** A section of a spec. */
export function parameter(name: string, type = 'string'): string {
  return `[[Parameter]]\nName = ${JSON.stringify(name)}\nType = "${type}"\n`;
}
