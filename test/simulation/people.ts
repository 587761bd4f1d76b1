import { markCancelled } from '../../src/queue/cancel-job.js';
import { tokenOf } from '../../src/queue/entry-name.js';
import { classifyPodFile, parsePodName } from '../../src/queue/layout.js';
import { recallJob } from '../../src/queue/recall-job.js';
import { rejectJob } from '../../src/queue/reject-job.js';
import { retryFailed } from '../../src/queue/retry-failed.js';
import { list, mkdir, read, rmdir, unlink } from '../../src/queue/steps.js';
import { submitJob } from '../../src/queue/submit-job.js';
import { layout } from '../model/verbs.js';
import { type Acts, type Program, type Surroundings, chooseFrom, guard } from './acting.js';
import { pool } from './dispatcher.js';
import { submissionPrefix } from './ledger.js';

/** Few names, so that they meet; some begin like others, some need an item of the pool. */
export const names = ['pool1', 'job1', 'job10', 'pool10', 'job1.conf'];

/** Somebody who submits jobs, and changes their mind. */
export class UserProgram implements Program {
  readonly duties = ['submit', 'submit', 'submit', 'cancel', 'retry', 'withdraw'];
  readonly pass = [];
  readonly #around: Surroundings;
  #jobs: number;
  /** How often they may do anything else. */
  #whims: number;

  constructor(around: Surroundings, jobs: number, whims: number) {
    this.#around = around;
    this.#jobs = jobs;
    this.#whims = whims;
  }

  *live(): Acts<void> {
    while (this.#jobs + this.#whims > 0) {
      const duty = this.duties[(yield { op: 'duty' }) as number] ?? 'submit';
      if (duty === 'submit') {
        if (this.#jobs > 0) yield* guard(() => this.submit());
      } else if (this.#whims > 0) {
        this.#whims -= 1;
        yield* guard(() => this.#do(duty));
      }
    }
  }

  *submit(): Acts<void> {
    this.#jobs -= 1;
    const name = (yield* chooseFrom(names)) ?? '';
    const token = this.#around.newSubmission();
    yield* submitJob(layout, name, `${submissionPrefix} ${token} of ${name}`, 0o600, token);
  }

  #do(duty: string): Acts<void> {
    switch (duty) {
      case 'cancel':
        return this.#cancel();
      case 'retry':
        return this.#retry();
      default:
        return this.#withdraw();
    }
  }

  *#cancel(): Acts<void> {
    const waiting = ((yield* list(layout.jobqueue)) ?? []).filter((name) => !name.startsWith('.'));
    const pods = ((yield* list(layout.jobpods)) ?? []).map(parsePodName);
    const pod = yield* chooseFrom(pods.filter((one) => one?.kind === 'live'));
    const held = pod === undefined ? [] : ((yield* list(layout.pod(pod.crew).directory)) ?? []);
    const running = pod === undefined ? [] : ((yield* list(layout.pod(pod.crew).running)) ?? []);
    const assigned = held.filter((name) => classifyPodFile(name).kind === 'entry');
    const entry = yield* chooseFrom([...waiting, ...assigned, ...running]);
    if (entry === undefined) return;
    if (pod !== undefined && assigned.includes(entry)) yield* recallJob(layout, pod.crew, entry);
    const verdict = { writer: 'user', time: 'T', outcome: { kind: 'cancelled' } as const };
    if (
      !running.includes(entry) &&
      (yield* rejectJob(layout, entry, this.#around.newToken(), verdict)) === 'rejected'
    )
      return;
    const token = tokenOf(entry);
    if (pod !== undefined && token !== undefined) yield* markCancelled(layout, pod.crew, token);
  }

  *#retry(): Acts<void> {
    const entry = yield* chooseFrom((yield* list(layout.failed)) ?? []);
    if (entry !== undefined) yield* retryFailed(layout, entry, this.#around.newToken());
  }

  /** `rm jobqueue/J`. */
  *#withdraw(): Acts<void> {
    const waiting = ((yield* list(layout.jobqueue)) ?? []).filter((name) => !name.startsWith('.'));
    const name = yield* chooseFrom(waiting);
    if (name === undefined) return;
    yield* unlink(layout.queued(name));
  }
}

/** A program that is not ours and takes part in the pool, with `mkdir` of the lock directory. */
export class StrangerProgram implements Program {
  readonly duties = ['use'];
  readonly pass = ['use'];
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  *live(): Acts<void> {
    for (let times = 0; times < 3 && this.#around.calm === 0; times++) {
      yield { op: 'duty' };
      yield* guard(() => this.#use());
    }
  }

  *#use(): Acts<void> {
    const item = 'x1';
    if ((yield* read(layout.poolItem(pool, item))) === undefined) return;
    if ((yield* mkdir(layout.poolLock(pool, item))) !== 'ok') return;
    this.#around.ledger.use(item, '');
    yield { op: 'duty' };
    this.#around.ledger.stopUsing('');
    yield* rmdir(layout.poolLock(pool, item));
  }
}
