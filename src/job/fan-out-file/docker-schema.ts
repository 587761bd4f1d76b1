import type * as z from 'zod';
import { parseMemory } from '../quantities.js';
import { choice, environment, listOf, parsed, section, text, word } from './schema-parts.js';
import { positive } from './setting-parts.js';

const registry = () =>
  section({
    server: text('a host name')
      .optional()
      .describe(
        'Host of the registry, such as ghcr.io. Without it, the one that the engine goes to by itself.',
      ),
    user: text('a user name').describe('Who logs in.'),
    password: word('a password')
      .refine((value) => value !== '', { error: 'a password' })
      .describe(
        'With what password. Best from a template: {{ Env "NAME" }} or {{ Exec "aws ecr get-login-password" }}. It is ' +
          'handed to the engine on its standard input.',
      ),
  });

export const dockerSchema = () =>
  section({
    image: text('the name of an image').describe('The image that each task runs in.'),
    engine: text('the name of a program')
      .optional()
      .describe('Program with the command line of docker: docker (the default), podman, or a path.'),
    registry: registry().optional().describe('Where to log in before the image is pulled.'),
    pull: choice(['always', 'missing', 'never'])
      .optional()
      .describe(
        'Whether the image is pulled before the first task on each host: always (the default), missing: only if it is ' +
          'not there, or never.',
      ),
    environment: environment(/^[A-Za-z_][A-Za-z0-9_.-]*$/, 'a variable name')
      .optional()
      .describe(
        'Variables inside the container, beside those of `env`, before which they go, and those that fjr sets.',
      ),
    volumes: listOf(text('HOST:CONTAINER, or HOST:CONTAINER:ro'), 'a list of HOST:CONTAINER[:ro]')
      .optional()
      .describe("What is mounted, as in docker run's --volume: HOST:CONTAINER, or HOST:CONTAINER:ro."),
    workdir: text('a directory').optional().describe('Working directory inside the container.'),
    network: text('the name of a network').optional().describe("Network, as in docker run's --network."),
    shm: parsed((value) => positive(parseMemory(value)), 'a size such as 512M or 4G')
      .optional()
      .describe('Size of /dev/shm, such as 512M or 4G; units are powers of 1024.'),
    options: listOf(word())
      .optional()
      .describe('Further options of docker run, each a word of its own; they stand before the image.'),
  });

export type DockerConfig = z.output<ReturnType<typeof dockerSchema>>;
