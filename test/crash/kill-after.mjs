/**
 * Loaded before a program (`node --import`): kills it with SIGKILL right after its n-th call on the directory FJR_HOME,
 * n being FJR_CRASH_AFTER, and notes in the file FJR_CRASH_NOTE which call that was.
 *
 * Calls that are counted: the very first of all, whatever it is, and from then on those that changed something (made,
 * moved, removed or wrote). A crash after a call that only read, or that failed, leaves the same files behind as one
 * after the change before it, so it would be tried twice. What Node does as one call is one point, also where it is
 * several for the kernel (`mkdir -p`, `rm -r`).
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { resolve } from 'node:path';

const home = resolve(process.env.FJR_HOME ?? '/nowhere');
const crashAfter = Number(process.env.FJR_CRASH_AFTER);
const note = process.env.FJR_CRASH_NOTE;
// Only this process: a crew that it hires lives.
for (const name of ['NODE_OPTIONS', 'FJR_CRASH_AFTER', 'FJR_CRASH_NOTE']) delete process.env[name];

const original = { ...fs };
/** Descriptors of files below the home directory. */
const descriptors = new Map();
let count = 0;

const isInside = (path) => {
  const text = typeof path === 'string' || Buffer.isBuffer(path) ? path.toString() : '';
  return text === home || text.startsWith(`${home}/`);
};

function point(name, args) {
  count += 1;
  if (count !== crashAfter) return;
  if (note !== undefined) original.writeFileSync(note, describe(name, args));
  process.kill(process.pid, 'SIGKILL');
  for (;;);
}

function describe(name, args) {
  const shown = args
    .map((arg) => (typeof arg === 'number' ? (descriptors.get(arg) ?? String(arg)) : arg))
    .filter((arg) => typeof arg === 'string' || Buffer.isBuffer(arg))
    .map((arg) => arg.toString().replace(`${home}/`, '').trim().slice(0, 160));
  return `${name} ${shown.join(' ')}`;
}

const touchesHome = (args) =>
  typeof args[0] === 'number' ? descriptors.has(args[0]) : args.slice(0, 2).some(isInside);

/** Whether an open makes or empties a file. */
function opensForChange([path, flags]) {
  const { O_CREAT, O_TRUNC } = original.constants;
  const creates = typeof flags === 'number' ? (flags & O_CREAT) !== 0 : /[wa]/.test(flags ?? 'r');
  const truncates = typeof flags === 'number' ? (flags & O_TRUNC) !== 0 : /w/.test(flags ?? 'r');
  return truncates || (creates && !original.existsSync(path));
}

function changes(name, args) {
  if (name === 'open') return opensForChange(args);
  // A directory that is there already is no change.
  if (name === 'mkdir') return !original.existsSync(args[0]);
  return name in changing;
}

// prettier-ignore
const changing = Object.fromEntries([
  'appendFile', 'chmod', 'copyFile', 'cp', 'fchmod', 'ftruncate', 'futimes', 'link', 'lutimes', 'mkdir', 'mkdtemp',
  'rename', 'rm', 'rmdir', 'symlink', 'truncate', 'unlink', 'utimes', 'write', 'writeFile', 'writev',
].map((name) => [name, true]));
// prettier-ignore
const reading = [
  'access', 'close', 'exists', 'fstat', 'lstat', 'open', 'opendir', 'read', 'readFile', 'readdir', 'readlink',
  'realpath', 'stat', 'statfs',
];

/** Counts a call that has succeeded, unless it was made of calls that were counted. */
function after(name, args, counted, change) {
  if (count === counted && (change || count === 0)) point(name, args);
}

function wrapSync(name) {
  const call = original[`${name}Sync`];
  if (call === undefined) return;
  const wrapped = function (...args) {
    if (!touchesHome(args)) return call.apply(this, args);
    const [counted, change] = [count, changes(name, args)];
    const result = call.apply(this, args);
    if (name === 'open') descriptors.set(result, String(args[0]));
    if (name === 'close') descriptors.delete(args[0]);
    after(name, args, counted, change);
    return result;
  };
  fs[`${name}Sync`] = Object.assign(wrapped, call);
}

function wrapCallback(name) {
  const call = original[name];
  if (call === undefined) return;
  const wrapped = function (...args) {
    const done = args.at(-1);
    if (typeof done !== 'function' || !touchesHome(args)) return call.apply(this, args);
    const [counted, change] = [count, changes(name, args)];
    const heard = (error, ...results) => {
      if (!error) after(name, args, counted, change);
      return done(error, ...results);
    };
    return call.apply(this, [...args.slice(0, -1), heard]);
  };
  fs[name] = Object.assign(wrapped, call);
}

function wrapPromise(name) {
  const call = fs.promises[name];
  if (call === undefined) return;
  fs.promises[name] = async function (...args) {
    if (!touchesHome(args)) return call.apply(this, args);
    const [counted, change] = [count, changes(name, args)];
    const result = await call.apply(this, args);
    after(name, args, counted, change);
    return result;
  };
}

for (const name of [...Object.keys(changing), ...reading]) {
  wrapSync(name);
  wrapCallback(name);
  wrapPromise(name);
}
syncBuiltinESMExports();
