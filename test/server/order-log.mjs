/**
 * Loaded before a server (`node --import`): writes to the file FJR_ORDER_LOG, in the order in which things happen, what is
 * changed below FJR_HOME, what is flushed, and what is answered. One line of JSON each.
 */
import fs from 'node:fs';
import { ServerResponse } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';

const home = `${process.env.FJR_HOME}/`;
const log = fs.openSync(process.env.FJR_ORDER_LOG, 'a');
const { writeSync } = fs;
const note = (line) => writeSync(log, `${JSON.stringify(line)}\n`);
const short = (path) => String(path).replace(home, '');

for (const name of ['linkSync', 'renameSync']) {
  const call = fs[name];
  fs[name] = (from, to) => {
    call(from, to);
    note({ moved: short(from), to: short(to) });
  };
}

const { open, writeFile } = fs.promises;
fs.promises.writeFile = async (path, content, options) => {
  await writeFile(path, content, options);
  if (options?.flush === true) note({ written: short(path) });
};
fs.promises.open = async (path, ...rest) => {
  const handle = await open(path, ...rest);
  const { sync } = handle;
  handle.sync = async () => {
    note({ flushes: short(path) });
    await sync.call(handle);
    note({ flushed: short(path) });
  };
  return handle;
};

for (const name of ['write', 'end']) {
  const call = ServerResponse.prototype[name];
  ServerResponse.prototype[name] = function (...args) {
    const [, created] = /"created":(\d+)/.exec(Buffer.from(args[0] ?? '').toString()) ?? [];
    if (created !== undefined) note({ answered: Number(created) });
    return call.apply(this, args);
  };
}
syncBuiltinESMExports();
