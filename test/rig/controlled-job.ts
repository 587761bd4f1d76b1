import { type Server, type Socket, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { isAlive } from './processes.js';
import { ini } from './project-files.js';
import { waitUntil } from './wait-until.js';

/** The program that such a job is. */
export const controlledProgram = fileURLToPath(new URL('fixtures/controlled-job.mjs', import.meta.url));

/** The job file of a job that the test controls. */
export function controlledJob(settings: Record<string, string | number> = {}): string {
  return ini(commandLine, settings);
}

/** The same, with a command line that needs a shell: there is a process between the crew's starter and the job. */
export function controlledShellJob(settings: Record<string, string | number> = {}): string {
  return ini(`${commandLine} 'two words'`, settings);
}

const commandLine = [process.execPath, controlledProgram].map(quoteIfNeeded).join(' ');

function quoteIfNeeded(path: string): string {
  return /^[\w/.+-]+$/.test(path) ? path : `'${path}'`;
}

/** What a job says of itself when it starts. */
interface Report {
  readonly pid: number;
  readonly env: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
  readonly cwd: string;
}

interface Answer {
  readonly done?: number;
  readonly pid?: number;
  readonly heard?: string;
}

/** One execution of a controlled job, which waits for orders. */
export class ControlledJob implements Report {
  readonly pid: number;
  readonly env: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
  readonly cwd: string;
  /** Signals that it was sent and ignored. */
  readonly heard: string[] = [];
  readonly #socket: Socket;
  readonly #answers = new Map<number, Answer>();
  #orders = 0;

  constructor(socket: Socket, report: Report) {
    this.#socket = socket;
    this.pid = report.pid;
    this.env = report.env;
    this.argv = report.argv;
    this.cwd = report.cwd;
  }

  get name(): string {
    return this.env['FJR_JOB'] ?? '';
  }

  get attempt(): string {
    return this.env['FJR_ATTEMPT'] ?? '';
  }

  isAlive(): boolean {
    return isAlive(this.pid);
  }

  /** Prints, and has printed when this returns. */
  async print(text: string, stream: 'stdout' | 'stderr' = 'stdout'): Promise<void> {
    await this.#order({ do: 'print', text, stream });
  }

  /** Starts a grandchild that goes on for long; returns its process id. */
  async spawn(): Promise<number> {
    return (await this.#order({ do: 'spawn' })).pid ?? 0;
  }

  async ignore(signal: NodeJS.Signals): Promise<void> {
    await this.#order({ do: 'ignore', signal });
  }

  exit(code: number): void {
    this.#send({ do: 'exit', code });
  }

  hear(answer: Answer): void {
    if (answer.done !== undefined) this.#answers.set(answer.done, answer);
    if (answer.heard !== undefined) this.heard.push(answer.heard);
  }

  async #order(order: object): Promise<Answer> {
    const id = ++this.#orders;
    this.#send({ ...order, id });
    const look = (): Answer | undefined => this.#answers.get(id);
    const answer = await waitUntil(
      `job ${this.name} has obeyed ${JSON.stringify(order)}`,
      look,
      (seen) => seen !== undefined,
    );
    return answer ?? {};
  }

  #send(order: object): void {
    this.#socket.write(`${JSON.stringify(order)}\n`);
  }
}

/** Where the controlled jobs of one test report in. */
export class ControlledJobs {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Every execution, in the order in which they came. */
  readonly executions: ControlledJob[] = [];

  constructor(socketPath: string) {
    this.#server = createServer((socket) => {
      this.#accept(socket);
    });
    this.#server.listen(socketPath);
  }

  /** The n-th execution of a job, when it has reported in. */
  async started(name: string, execution = 1): Promise<ControlledJob> {
    const find = (): ControlledJob | undefined =>
      this.executions.filter((job) => job.name === name)[execution - 1];
    await waitUntil(
      `execution ${execution} of ${name} has reported in`,
      () => this.executions.map((job) => `${job.name}, attempt ${job.attempt}`),
      () => find() !== undefined,
    );
    return find()!;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    let text = '';
    let job: ControlledJob | undefined;
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (text + chunk).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) {
        const message = JSON.parse(line) as Report & Answer;
        if (job !== undefined) job.hear(message);
        else this.executions.push((job = new ControlledJob(socket, message)));
      }
    });
  }
}
