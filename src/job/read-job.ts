import { type Slice, looksLikeSlice, parseSlice } from './fan-out.js';
import { IniError, type IniSections, type IniValue, readIni } from './ini.js';
import { type Job, jobDefaults, plainNeeds } from './job.js';
import { looksLikeDecodeJob, needsOf, parseDecodeJob } from './decode/decode-job.js';
import { looksLikeSpecJob, parseSpecJob } from './spec/spec-job.js';
import { JobFileError, type Settings, readSettings } from './settings.js';

/** What is known of a job file without running it. */
export interface JobFile {
  /** Without directories; left out: it counts for nothing. */
  readonly name?: string;
  /** The file's beginning: all of it up to `jobFileLimit` bytes. */
  readonly head: Uint8Array;
  /** Bytes. */
  readonly size: number;
  /** Whether its owner may execute it. */
  readonly executable: boolean;
}

/** Bytes that are read of a job file. Scripts may be larger; what is to be parsed may not. */
export const jobFileLimit = 1024 * 1024;

const sectionNames = ['fjr', 'fjd', 'control'] as const;

/** Reads a job from its file, whichever of the formats it is in; throws JobFileError. */
export function readJob(file: JobFile): Job {
  if (file.size === 0) throw new JobFileError('the file is empty', howTo);
  if (startsWith(file.head, '#!')) return readScript(file);
  if (looksLikeSlice(file.head)) return jobOfSlice(parseSlice(file.head));
  if (looksLikeSpecJob(file.head)) return jobOfSpec(file);
  if (looksLikeDecodeJob(file.head)) return jobOfDecode(file);
  if (file.executable) return { ...readDirectives(file), command: { kind: 'script', interpreter: [] } };
  if (isFanOutFile(file)) return { ...jobDefaults, command: { kind: 'fan-out-file' } };
  return readIniJob(file);
}

/** YAML by its name, and no job file by its content. What is wrong with it is for who submits it to say. */
function isFanOutFile({ name = '', head }: JobFile): boolean {
  if (!/\.ya?ml$/i.test(name)) return false;
  return !/^\[(?:fjr|fjd|control)\]/m.test(Buffer.from(head).toString('latin1'));
}

function jobOfSlice(slice: Slice | undefined): Job {
  if (slice === undefined)
    throw new JobFileError('the slice is cut short', 'fjr makes these files: leave them to it');
  const { priority, needs, nice } = slice;
  return { ...jobDefaults, priority, needs, nice, command: { kind: 'slice', slice } };
}

function jobOfSpec(file: JobFile): Job {
  const { timeout } = parseSpecJob(wholeFile(file));
  return { ...jobDefaults, timeout, needs: { ...plainNeeds, seconds: timeout }, command: { kind: 'spec' } };
}

function jobOfDecode(file: JobFile): Job {
  const { submitted, retryDifferent } = parseDecodeJob(wholeFile(file));
  const { priority } = submitted;
  return {
    ...{ ...jobDefaults, priority, elsewhere: retryDifferent },
    ...{ needs: needsOf(submitted), command: { kind: 'decode' } },
  };
}

const howTo = 'a job file is a script that starts with #!, or has a section [fjr] with a key "executable"';

function startsWith(bytes: Uint8Array, ascii: string): boolean {
  return Buffer.from(ascii).every((byte, index) => bytes[index] === byte);
}

function readScript(file: JobFile): Job {
  const settings = readDirectives(file);
  // The kernel starts an executable script by itself; for one without the x bit its first line says how.
  if (file.executable) return { ...settings, command: { kind: 'script', interpreter: [] } };
  const [, program, argument] = /^#![ \t]*(\S+)[ \t]*(.*?)\s*$/m.exec(firstLines(file, 1)[0] ?? '') ?? [];
  if (program === undefined) throw new JobFileError('line 1: no program after #!', 'for example: #!/bin/sh');
  const interpreter = argument === undefined || argument === '' ? [program] : [program, argument];
  return { ...settings, command: { kind: 'script', interpreter } };
}

/** A script's settings stand in its first comment block: `#FJR timeout: 5m`. */
function readDirectives(file: JobFile): Omit<Job, 'command'> {
  const settings = new Map<string, IniValue>();
  let number = 0;
  for (const line of firstLines(file, 200)) {
    number += 1;
    if (!line.startsWith('#')) break;
    const match = /^#FJR\s+([A-Za-z-]+)\s*[:=]\s*(.*?)\s*$/.exec(line);
    if (match !== null) addDirective(settings, (match[1] ?? '').toLowerCase(), match[2] ?? '', number);
  }
  return readSettings(settings, '#FJR', true);
}

function addDirective(settings: Map<string, IniValue>, key: string, value: string, line: number): void {
  if (key === 'executable')
    throw new JobFileError(`line ${line}: a script has no "executable"`, 'leave it out');
  const before = settings.get(key);
  // `#FJR env: A=1` may stand more than once, one variable each.
  if (before !== undefined && key !== 'env')
    throw new JobFileError(
      `line ${line}: duplicate key "${key}" (first on line ${before.line})`,
      'remove one',
    );
  settings.set(key, { value: before === undefined ? value : `${before.value}\n${value}`, line });
}

function firstLines(file: JobFile, most: number): string[] {
  return Buffer.from(file.head.subarray(0, 16384)).toString('utf8').split('\n', most);
}

/** All of a file that is to be parsed. */
function wholeFile({ head, size }: JobFile): Uint8Array {
  if (size <= jobFileLimit) return head;
  throw new JobFileError(
    `the file has ${size} bytes, more than ${jobFileLimit}`,
    'keep data in files of its own',
  );
}

function readIniJob(file: JobFile): Job {
  const sections = parseSections(decode(wholeFile(file)));
  const name = sectionNames.find((candidate) => sections.has(candidate));
  if (name === undefined) throw new JobFileError('no section [fjr], [fjd] or [control]', howTo);
  const settings: Settings = sections.get(name) ?? new Map();
  // Job files of fjd may hold keys of their own in the section that fjd and their job shared.
  const rest = readSettings(settings, `[${name}]`, name === 'fjr');
  const line = settings.get('executable')?.value ?? '';
  if (line.trim() === '') throw new JobFileError(`no "executable" in [${name}]`, 'name the program to run');
  if (line.includes('\0')) throw new JobFileError('"executable" holds a NUL byte', 'remove it');
  return { ...rest, command: { kind: 'executable', line } };
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new JobFileError(
      'the file is not text in UTF-8',
      'to run a program, make it executable (chmod +x)',
    );
  }
}

function parseSections(text: string): IniSections {
  try {
    return readIni(text);
  } catch (error) {
    if (error instanceof IniError) throw new JobFileError(error.message, error.hint ?? howTo);
    throw error;
  }
}
