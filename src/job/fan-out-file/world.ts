/** What reading a fan-out file takes from outside: all of it, so that tests can hand in something else. */
export interface FanOutFileWorld {
  readonly run: RunFacts;
  /** A variable of the environment; undefined: it is not set. */
  environment(name: string): string | undefined;
  /** Runs a line of the shell's to its end, and keeps what it prints. For templates: short output, once. */
  execute(line: string): Executed;
  /**
   * The lines of a file, as they are asked for. They end at `\n`, which is cut off; a `\r` before it stays. No empty
   * line follows the last `\n`. Relative paths begin at the directory of the fan-out file. Throws FjrError.
   */
  lines(path: string): Iterable<string>;
  /** The lines that a line of the shell's prints, as above. Throws FjrError after the last if its exit code is not 0. */
  output(line: string): Iterable<string>;
  /** Paths that match a pattern, in natural order; relative patterns begin at the directory of the fan-out file. */
  glob(pattern: string): Iterable<string>;
  /** The absolute path of a directory; relative ones begin at the directory of the file. Throws FjrError if it is none. */
  directory(path: string): string;
}

/** What `{{ .RunID }}` and its like stand for. */
export interface RunFacts {
  /** Unique for every run. */
  readonly id: string;
  readonly project: string;
  readonly user: string;
  readonly host: string;
  /** The day on which the run began, `2026-11-21`. */
  readonly date: string;
}

/** How a command ended, and what it printed. */
export interface Executed {
  /** `exit code 3`, `signal SIGKILL`; undefined: it succeeded. */
  readonly failure: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
}
