import * as z from 'zod';
import { poolNamePattern } from '../settings.js';
import { listFile } from './input-schema.js';
import { listOf, matching, section, text, whole, word, words, yesNo } from './schema-parts.js';
import { addIssue, exactlyOne, notBoth, ruled } from './schema-rules.js';

const ssh = () =>
  section({
    privateKey: text('the path of a private key')
      .optional()
      .describe(
        'Path of the private key that logs in; ~ is the home directory. Without it, what ssh finds by itself.',
      ),
    port: whole(1, 65535, 'a whole number from 1 to 65535')
      .optional()
      .describe('Port of the hosts whose line names none. The default is 22, or what ~/.ssh/config says.'),
    options: listOf(word())
      .optional()
      .describe('Further options of ssh, each a word of its own, such as ["-o", "ConnectTimeout=5"].'),
  });

const level = (what: string) =>
  yesNo().optional().describe(`Whether ${what} is written there; true is the default.`);

const logs = () =>
  section({
    file: section({
      directory: text('a directory').describe(
        'Directory for files worker=<id>/task=<id>.txt, to which each try of a task by that worker adds: at most 2 MB of ' +
          'what it printed on each stream, its beginning and its end. A relative path begins at the directory of fjr.yaml; ' +
          '{{ .RunID }} in it keeps runs apart. That it cannot be written fails no task.',
      ),
      stdout: level('what tasks print on their standard output'),
      stderr: level('what tasks print on their standard error'),
      system: level('what fjr says about tasks (start, retry, how they ended)'),
    })
      .optional()
      .describe('A file for each task.'),
  });

export const workersSchema = () =>
  ruled(
    notBoth(
      section({
        local: whole(1, 10_000, 'a whole number from 1 to 10000')
          .optional()
          .describe('So many workers on this host, for this run alone.'),
        file: listFile()
          .optional()
          .describe(
            'Hosts that are reached by ssh and need to share nothing with this one: a line user@host is one worker there, ' +
              'the same line twice is two. Also user@host:port and ssh://user@host:port. Lines that begin with # are comments.',
          ),
        ssh: ssh().optional().describe('How the hosts of `file` are reached.'),
        logs: logs().optional().describe('Where logs are written besides those that fjr keeps.'),
      }),
      ['local', 'file'],
    ),
    (value, context) => {
      if (value['ssh'] !== undefined && value['file'] === undefined)
        addIssue(context, 'ssh stands without file', 'name the hosts in a file, or leave out ssh');
    },
  );

export type WorkersConfig = z.output<ReturnType<typeof workersSchema>>;

const pool = () =>
  exactlyOne(
    section({
      file: listFile().optional().describe('A file with an item on each line.'),
      items: words().optional().describe('The items themselves.'),
      pool: matching(poolNamePattern, (name) => name, 'the name of a pool: letters, digits and "_"')
        .optional()
        .describe("A pool of the project's, which other runs may share (fjr pool add)."),
    }),
    ['file', 'items', 'pool'],
  );

/** A list of maps with one key each, as FancyJobRunner has it. */
export const resourcesSchema = () => {
  const entry = 'a map with one key, the name of the resource';
  return listOf(
    z
      .record(z.string().regex(poolNamePattern, { error: 'a name of letters, digits and "_"' }), pool(), {
        error: entry,
      })
      .refine((value) => Object.keys(value).length === 1, { error: entry })
      .meta({ minProperties: 1, maxProperties: 1 }),
    'a list of maps with one key each',
  );
};

export type ResourcesConfig = z.output<ReturnType<typeof resourcesSchema>>;
