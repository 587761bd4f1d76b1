import type { Commands } from '../../system/commands.js';
import { FjrError } from '../../job/fjr-error.js';
import { shorten } from '../../job/shorten.js';

/** Seconds. */
const quick = 30;

/** The container engine of this machine. */
export class Engine {
  readonly #commands: Commands;
  /** `docker`, `podman`. */
  readonly program: string;
  #trouble: string | undefined;

  constructor(commands: Commands, program: string) {
    this.#commands = commands;
    this.program = program;
  }

  /** Gets an image, or goes by what is here of it if it cannot be got; throws FjrError if nothing is. */
  async pull(image: string, interruption: AbortSignal): Promise<void> {
    const pulled = await this.#commands.run([this.program, 'pull', image], { timeout: 0, interruption });
    interruption.throwIfAborted();
    if (pulled.exitCode === 0) return;
    const here = await this.#run(['image', 'inspect', '--format', '{{.Id}}', image]);
    if (here.exitCode === 0) return;
    this.#trouble = await this.#obstacle();
    const why = this.#trouble ?? lastLine(pulled.stderr);
    throw new FjrError('image', `cannot get the image ${shorten(image)}: ${why}`);
  }

  /** Why there is no sense in asking for jobs: the engine was away, and still is. */
  async obstacle(): Promise<string | undefined> {
    if (this.#trouble !== undefined) this.#trouble = await this.#obstacle();
    return this.#trouble;
  }

  /** A job has failed to become a container: is it the engine's fault? */
  async suspect(): Promise<void> {
    this.#trouble = await this.#obstacle();
  }

  /** Removes what a container has left that belongs to somebody else, by a container of the same image. */
  async removeDirectory(image: string, parent: string, name: string): Promise<void> {
    const how = ['--rm', '--pull', 'never', '--network', 'none', '--user', '0', '--entrypoint', 'rm'];
    await this.#run(['run', ...how, '--volume', `${parent}:/parent`, image, '-rf', `/parent/${name}`]);
  }

  /** Removes the containers with a label: whoever made them is dead. */
  async removeLabelled(label: string): Promise<void> {
    const listed = await this.#run(['ps', '--all', '--quiet', '--filter', `label=${label}`]);
    const ids = listed.stdout.split('\n').filter((id) => id !== '');
    if (ids.length > 0) await this.#run(['rm', '--force', '--volumes', ...ids]);
  }

  async #obstacle(): Promise<string | undefined> {
    const answer = await this.#run(['version', '--format', '{{.Server.Version}}']);
    if (answer.exitCode === 0) return undefined;
    if (answer.notFound) return `there is no ${this.program} on the PATH`;
    return answer.timedOut ? `${this.program} does not answer` : lastLine(answer.stderr);
  }

  async #run(args: readonly string[]): ReturnType<Commands['run']> {
    return this.#commands.run([this.program, ...args], { timeout: quick });
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
}
