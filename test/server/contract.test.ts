import { readdirSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { test } from '../rig/rig.js';
import { TestServer, parameter, writeControlledSpec, writeShellSpec } from '../rig/server.js';
import { waitUntil } from '../rig/wait-until.js';

/** The whole answer. */
async function text(answer: Promise<Response>): Promise<object> {
  const response = await answer;
  const type = response.headers.get('Content-Type');
  return { status: response.status, type, body: await response.text() };
}

const json = (body: string, status = 200): object => ({ status, type: 'application/json', body });

const uuid = /"uuid":"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"/g;

describe('a client of jobmgr', () => {
  test('is answered byte for byte through the life of a job', async ({ rig }) => {
    writeControlledSpec(rig, 'resize', `${parameter('width', 'int')}${parameter('output-file')}`);
    const server = await TestServer.start(rig);
    const hello = await server.fetch('/');
    expect({ status: hello.status, text: await hello.text() }).toEqual({
      status: 200,
      text: '{"message":"fjr: jobs over HTTP"}\n',
    });

    const parameters = '{"width":"0800","output-file":"a b.png"}';
    expect(await text(server.post({ name: 'resize', parameters }))).toEqual(
      json('{"status":"ok","created":1}'),
    );
    const sorted = '{"output-file":"a b.png","width":"0800"}';
    const { created } = (await server.get(1)).job!;
    expect(Math.abs(created - Date.now() / 1000)).toBeLessThan(60);
    const head = `"priority":50,"name":"resize","parameters":${sorted},"created":${created}`;
    expect(await text(server.fetch('/jobs/get?id=1'))).toEqual(
      json(
        `{"status":"ok","job":{"id":1,"status":"queued",${head},"started":null,"completed":null,"userID":1},"result":null,"artifacts":null}`,
      ),
    );

    const { jobs } = rig;
    await server.hire();
    const job = await jobs.started('resize-1.json');
    const { started } = await waitUntil(
      'the job is seen to run',
      async () => (await server.get(1)).job!,
      ({ status, started }) => status === 'started' && started !== null,
    );
    expect(await text(server.fetch('/jobs/get?id=1'))).toEqual(
      json(
        `{"status":"ok","job":{"id":1,"status":"started",${head},"started":${started ?? ''},"completed":null,"userID":1},"result":null,"artifacts":null}`,
      ),
    );

    await job.print('800 by 600\n');
    job.exit(0);
    const { completed } = (await server.ended(1)).job!;
    const end = `"started":${started ?? ''},"completed":${completed ?? ''},"userID":1}`;
    expect(await text(server.fetch('/jobs/get?id=1'))).toEqual(
      json(
        `{"status":"ok","job":{"id":1,"status":"completed",${head},${end},"result":"800 by 600\\n","artifacts":null}`,
      ),
    );
    expect(started! >= created && completed! >= started!).toBe(true);
    await server.stop();
  });

  test('finds what a job left, and fetches it under its name', async ({ rig }) => {
    writeShellSpec(rig, 'make', 'mkdir -p artifacts/sub; printf "a,b\\n" > "artifacts/sub/my table.csv"');
    const server = await TestServer.start(rig);
    await server.hire();
    const { job } = await server.run('make');
    const body = await (await server.fetch('/jobs/get?id=1')).text();
    expect(body.replace(/^.*"result"/, '"result"').replace(uuid, '"uuid":U')).toBe(
      `"result":"","artifacts":[{"id":1,"name":"sub/my table.csv","mime":"text/csv","size":4,"uuid":U,"created":${job!.completed ?? ''},"jobID":1}]}`,
    );
    const redirect = await server.fetch('/artifacts/download?id=1');
    expect(redirect.status).toBe(307);
    const link = redirect.headers.get('Location')!;
    expect(link).toMatch(/^\/artifacts\/file\/1\/my%20table\.csv\?expires=\d+&signature=[\w-]{43}$/);
    const file = await server.fetch(link);
    expect({
      status: file.status,
      type: file.headers.get('Content-Type'),
      name: file.headers.get('Content-Disposition'),
      text: await file.text(),
    }).toEqual({ status: 200, type: 'text/csv', name: 'inline; filename="my table.csv"', text: 'a,b\n' });
    await server.stop();
  });

  test('is refused with 200 and a word for the reason', async ({ rig }) => {
    writeShellSpec(rig, 'count', 'true', parameter('n', 'int'));
    const server = await TestServer.start(rig);
    const missing = json('{"status":"error","error":"missing_params"}');
    const invalid = json('{"status":"error","error":"invalid_params"}');
    expect(await text(server.post({}))).toEqual(missing);
    expect(await text(server.post({ name: 'count' }))).toEqual(missing);
    expect(await text(server.post({ parameters: '{}' }))).toEqual(missing);
    expect(await text(server.fetch('/jobs/get'))).toEqual(missing);
    expect(await text(server.fetch('/artifacts/download'))).toEqual(missing);
    expect(await text(server.post({ name: 'count', parameters: 'no JSON' }))).toEqual(invalid);
    expect(await text(server.post({ name: 'count', parameters: '{"n":1}' }))).toEqual(invalid);
    expect(await text(server.fetch('/jobs/get?id=x'))).toEqual(invalid);
    expect(await text(server.fetch('/artifacts/download?id=-1'))).toEqual(invalid);
    expect(await text(server.post({ name: 'count', parameters: '{"n":"one"}' }))).toEqual(
      json(
        `{"status":"error","error":"invalid_params","message":"parameter 'n' has invalid value 'one' (expected a whole number of 64 bits)"}`,
      ),
    );
    expect(await text(server.post({ name: 'count', parameters: '{}' }))).toEqual(
      json(`{"status":"error","error":"invalid_params","message":"parameter 'n' is required but not set"}`),
    );
    expect(await text(server.post({ name: 'nobody', parameters: '{}' }))).toEqual(
      json('{"status":"error","error":"unknown_job_name","message":"there is no jobspecs/nobody.toml"}'),
    );
    expect(await text(server.fetch('/jobs/get?id=1'))).toEqual(
      json('{"status":"error","error":"unknown_job","message":"there is no job 1"}'),
    );
    expect(await text(server.fetch('/artifacts/download?id=1'))).toEqual(
      json('{"status":"error","error":"unknown_artifact","message":"there is no artifact 1"}'),
    );
    // Nothing of all that has become a job.
    expect(readdirSync(`${rig.project().root}/jobqueue`)).toEqual([]);
    await server.stop();
  });

  test('is told when the project cannot be written, and whoever runs the server is told why', async ({
    rig,
  }) => {
    writeShellSpec(rig, 'plain', 'true');
    const server = await TestServer.start(rig);
    const { root } = rig.project();
    rmdirSync(`${root}/jobqueue`);
    writeFileSync(`${root}/jobqueue`, '');
    expect(await text(server.post({ name: 'plain', parameters: '{}' }))).toEqual(
      json('{"status":"error","error":"internal_server_error"}'),
    );
    await waitUntil(
      'it is said why',
      () => server.process.stderr,
      (said) => said.includes('fjr: POST /jobs/start: '),
    );
    rmSync(`${root}/jobqueue`);
    await server.stop();
  });
});
