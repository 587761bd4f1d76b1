import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { Line } from './line.js';
import { onPath } from './on-path.js';
import { isAlive, signal } from './processes.js';
import type { Rig } from './rig.js';
import { freePort } from './ssh-hosts.js';
import { waitUntil } from './wait-until.js';

const ceph = ['ceph', 'ceph-authtool', 'ceph-mon', 'ceph-osd', 'monmaptool', 'radosgw', 'radosgw-admin'];
const programs = [...ceph, 'setpriv'];

/** Whether there is a real S3 server: Ceph's gateway, with all below it that it needs. */
export const hasS3 = programs.every((program) => {
  try {
    return onPath(program) !== '';
  } catch {
    return false;
  }
});

/** An S3 server of one's own on loopback. What it holds is in its memory. */
export class S3Rig {
  readonly directory = mkdtempSync('/tmp/fjr-s3-');
  readonly key = 'FJRACCESSKEY';
  readonly secret = 'fjr/secret+key';
  /** Known once it is up. */
  endpoint = '';
  #client: S3Client | undefined;
  readonly #pids: number[] = [];

  async up(): Promise<void> {
    const port = await freePort();
    this.endpoint = `http://127.0.0.1:${port}`;
    for (const name of ['mon', 'osd', 'run', 'log', 'rgw']) mkdirSync(`${this.directory}/${name}`);
    const monitors = `[v2:127.0.0.1:${await freePort()},v1:127.0.0.1:${await freePort()}]`;
    const cluster = randomUUID();
    writeFileSync(`${this.directory}/ceph.conf`, configuration(this.directory, port, cluster, monitors));
    this.#startStorage(cluster, monitors);
    this.#start('radosgw', '-n', 'client.rgw.a', '-f');
    await waitUntil(
      'the S3 server answers',
      () =>
        fetch(this.endpoint)
          .then(({ status }) => status)
          .catch((error: unknown) => error),
      (seen) => seen === 200,
      60,
    );
    const user = ['user', 'create', '--uid', 'fjr', '--display-name', 'fjr'];
    const keys = ['--access-key', this.key, '--secret-key', this.secret];
    this.#run('radosgw-admin', '-n', 'client.rgw.a', ...user, ...keys);
  }

  /** Lets another key in. */
  allow(key: string, secret: string): void {
    const keys = ['--access-key', key, '--secret-key', secret];
    this.#run('radosgw-admin', '-n', 'client.rgw.a', 'key', 'create', '--uid', 'fjr', ...keys);
  }

  down(): void {
    this.#client?.destroy();
    // An orderly end takes it seconds, and there is nothing to save.
    for (const pid of this.#pids) signal(pid, 'SIGKILL');
    const end = Date.now() + 10_000;
    while (this.#pids.some(isAlive) && Date.now() < end)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    rmSync(this.directory, { recursive: true, force: true });
  }

  get client(): S3Client {
    process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
    return (this.#client ??= new S3Client({
      endpoint: this.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: this.key, secretAccessKey: this.secret },
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    }));
  }

  async bucket(Bucket = `b-${randomUUID()}`): Promise<string> {
    await this.client.send(new CreateBucketCommand({ Bucket }));
    return Bucket;
  }

  /** Keys of the objects in a bucket. */
  async keys(bucket: string): Promise<string[]> {
    const { Contents = [] } = await this.client.send(new ListObjectsV2Command({ Bucket: bucket }));
    return Contents.map(({ Key = '' }) => Key);
  }

  async text(bucket: string, key: string): Promise<string | undefined> {
    const { Body } = await this.client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return Body?.transformToString();
  }

  /** A line to it that the test can cut. */
  line(): Line {
    return new Line(Number(new URL(this.endpoint).port));
  }

  /** Keys of uploads that have begun and not ended. */
  async unfinished(bucket: string): Promise<string[]> {
    const { Uploads = [] } = await this.client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    return Uploads.map(({ Key = '' }) => Key);
  }

  #startStorage(cluster: string, monitors: string): void {
    const [keyring, map] = [`${this.directory}/keyring`, `${this.directory}/monmap`];
    const key = (name: string, ...caps: string[]): void => {
      const allowed = caps.flatMap((cap) => ['--cap', ...cap.split(': ')]);
      this.#run(
        'ceph-authtool',
        '--create-keyring',
        `${keyring}-${name}`,
        '--gen-key',
        '-n',
        name,
        ...allowed,
      );
      this.#run('ceph-authtool', keyring, '--import-keyring', `${keyring}-${name}`);
    };
    writeFileSync(keyring, '', { mode: 0o600 });
    key('mon.', 'mon: allow *');
    key('client.admin', 'mon: allow *', 'osd: allow *', 'mgr: allow *');
    key('client.rgw.a', 'mon: allow rw', 'osd: allow rwx');
    key('osd.0', 'mon: allow profile osd', 'osd: allow *');
    this.#run('monmaptool', '--create', '--addv', 'a', monitors, '--fsid', cluster, map);
    this.#run('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map, '--keyring', keyring);
    this.#start('ceph-mon', '-i', 'a', '-f');
    const disk = randomUUID();
    this.#run('ceph', '--connect-timeout', '60', 'osd', 'new', disk);
    this.#run('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', disk);
    this.#start('ceph-osd', '-i', '0', '-f');
  }

  #run(program: string, ...args: string[]): void {
    execFileSync(program, ['-c', `${this.directory}/ceph.conf`, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }

  #start(program: string, ...args: string[]): void {
    const log = openSync(`${this.directory}/log/${program}.out`, 'a');
    const argv = [program, '-c', `${this.directory}/ceph.conf`, ...args];
    // A test that is killed must not leave a server behind.
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...argv], {
      detached: true,
      stdio: ['ignore', log, log],
    });
    child.unref();
    if (child.pid !== undefined) this.#pids.push(child.pid);
  }
}

/** `config.toml` with a store. */
export function configureStore(rig: Rig, s3: S3Rig, bucket: string, rest: Record<string, string> = {}): void {
  const settings = { Endpoint: s3.endpoint, Bucket: bucket, AccessKeyID: s3.key, SecretAccessKey: s3.secret };
  const lines = Object.entries({ ...settings, ...rest }).map(
    ([key, value]) => `${key} = ${JSON.stringify(value)}`,
  );
  writeFileSync(`${rig.project().root}/config.toml`, `[Store]\n${lines.join('\n')}\n`);
}

/** One monitor, one storage daemon that keeps all in memory, and the gateway. */
function configuration(directory: string, port: number, cluster: string, monitors: string): string {
  return `[global]
fsid = ${cluster}
mon_initial_members = a
mon_host = ${monitors}
keyring = ${directory}/keyring
auth_allow_insecure_global_id_reclaim = false
public_network = 127.0.0.0/8
run_dir = ${directory}/run
log_file = ${directory}/log/$name.log
admin_socket = ${directory}/run/$name.asok
pid_file =
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_pool_default_flags =
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
osd_objectstore = memstore
memstore_device_bytes = 6G
mon_data = ${directory}/mon
osd_data = ${directory}/osd
mon_data_avail_crit = 1
mon_data_avail_warn = 2
paxos_propose_interval = 0.05
paxos_min_wait = 0.01
mon_osd_adjust_heartbeat_grace = false
[client.rgw.a]
# Without tcp_nodelay every second request takes 45 ms.
rgw_frontends = beast endpoint=127.0.0.1:${port} tcp_nodelay=1
rgw_data = ${directory}/rgw
keyring = ${directory}/keyring
rgw_run_sync_thread = false
rgw_rados_pool_pg_num_min = 1
rgw_enable_usage_log = false
rgw_dns_name = localhost
`;
}
