/** What a parameter's value may be. A value comes as text; `int` says that the text is a number. */
export const parameterTypes = ['string', 'int'] as const;
export type ParameterType = (typeof parameterTypes)[number];

export interface SpecParameter {
  readonly name: string;
  readonly type: ParameterType;
}

/** A command that others may have run with values of their own: `jobspecs/NAME.toml`. */
export interface Spec {
  readonly command: string;
  readonly arguments: readonly string[];
  /** As written; undefined: the directory that each execution gets. */
  readonly workingDirectory: string | undefined;
  /** Variables of the crew's environment that the command sees. */
  readonly preserve: readonly string[];
  /** Seconds. */
  readonly timeout: number;
  readonly parameters: readonly SpecParameter[];
}

/** Seconds that a command has whose spec sets no limit. */
export const defaultTimeout = 10;

/** The variable in which the command finds a parameter. */
export function parameterVariable(name: string): string {
  return `JOBMGR_PARAMETER_${name.toUpperCase().replace(/[ -]/g, '_')}`;
}

export const artifactsVariable = 'JOBMGR_ARTIFACTS_DIR';

/** The longest name of a spec in bytes: the name of its job's file has room for a number and a token besides. */
const longestSpecName = 180;

/** Whether a spec may be called so: its name becomes part of paths, and no request is to lead out of `jobspecs/`. */
export function isSpecName(name: string): boolean {
  return /^[^\s./\\\p{C}]+$/u.test(name) && Buffer.byteLength(name) <= longestSpecName;
}
