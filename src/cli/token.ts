import { ServerPaths } from '../server/server-paths.js';
import { FjrError } from '../job/fjr-error.js';
import { type Environment, addToken, listTokens, parseScopes, revokeToken } from '../server/tokens.js';
import { clock, filesFor } from './compose.js';
import { type ExitCode, exitCode } from './exit-code.js';
import type { Project } from './project.js';
import { printable, say, sayJson } from './say.js';

/** `fjr token add`: the token is shown now and never again, as the last word. */
export function tokenAdd(
  project: Project,
  { name, scope, environment }: { name: string; scope: string; environment: Environment | undefined },
  json: boolean,
): ExitCode {
  const scopes = parseScopes(scope);
  if (environment !== undefined && !scopes.includes('worker'))
    throw new FjrError('usage', '--environment says where a worker is', { hint: 'give --scope worker, too' });
  const created = clock.timestamp();
  const record = { name, scopes, ...(environment === undefined ? {} : { environment }), created };
  const token = addToken(filesFor(project), new ServerPaths(project.layout), record);
  if (json) sayJson({ project: project.name, name, scopes, token });
  else
    say(`Token "${name}" for ${scopes.join(', ')}, which nobody can show again (keep it secret): ${token}`);
  return exitCode.fine;
}

export function tokenList(project: Project, json: boolean): ExitCode {
  const tokens = listTokens(filesFor(project), new ServerPaths(project.layout)).map(
    ({ name, scopes, created }) => ({ name, scopes, created }),
  );
  if (json) sayJson({ project: project.name, tokens });
  else
    for (const { name, scopes, created } of tokens)
      say(printable(`${name}: ${scopes.join(', ')} (since ${created.slice(0, 10)})`));
  return exitCode.fine;
}

export function tokenRevoke(project: Project, name: string, json: boolean): ExitCode {
  revokeToken(filesFor(project), new ServerPaths(project.layout), name);
  if (json) sayJson({ project: project.name, revoked: name });
  else say(`Token "${name}" lets nobody in any more.`);
  return exitCode.fine;
}
