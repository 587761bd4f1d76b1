import type { InputConfig } from './input-schema.js';
import { type InputSource, inputSource, noInputs } from './input-source.js';
import type { KeyPath } from './problems.js';
import type { Report } from './report.js';
import type { FanOutFileWorld } from './world.js';

export function planInput(config: InputConfig, world: FanOutFileWorld, report: Report): InputSource {
  if ('length' in config) return inputSource(config, world);
  for (const [name, list] of Object.entries(config.product ?? {}))
    if (!('length' in list) && list.file !== undefined)
      checkReadable(['input', 'product', name, 'file', 'path'], list.file.path, world, report);
  if (config.file === undefined) return report.attempt(['input'], () => inputSource(config, world), noInputs);
  const place = ['input', 'file', 'path'];
  const readable = checkReadable(place, config.file.path, world, report);
  return readable ? report.attempt(place, () => inputSource(config, world), noInputs) : noInputs;
}

/** A file that is not there is found now, and not when the run has begun. One line of it is read. */
export function checkReadable(place: KeyPath, path: string, world: FanOutFileWorld, report: Report): boolean {
  const readOne = (): boolean => {
    for (const _ of world.lines(path)) break;
    return true;
  };
  return report.attempt(place, readOne, false);
}
