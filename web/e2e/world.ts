// A store with tasks of every kind, a worker, a scheduler and `windlass web`, all real.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, run, start, temporaryFolder, tool, type Running } from './processes';

export type Kind = 'sqlite' | 'redis';
export const kOddQueues = ['mail/out box', 'it\'s "quoted"', '队列 é', '<script>window.hacked=1</script>', 'a:b%2Fc'];

export class World {
  private readonly folder = temporaryFolder();
  private readonly broker: string;
  private redis: Running | null = null;
  private readonly helpers: Running[] = [];
  private web: Running | null = null;
  private port = 0;

  constructor(readonly kind: Kind) {
    this.broker = kind === 'sqlite' ? `sqlite:${join(this.folder.path, 'tasks.db')}` : `redis-socket://${this.socket}`;
  }

  private get socket(): string {
    return join(this.folder.path, 'redis.sock');
  }
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }
  private get env(): Record<string, string> {
    return { WINDLASS_BROKER: this.broker };
  }

  file(name: string, text: string): string {
    const path = join(this.folder.path, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  async startStore(): Promise<void> {
    if (this.kind !== 'redis') return;
    this.redis = start('redis-server', [
      '--port',
      '0',
      '--unixsocket',
      this.socket,
      '--save',
      '',
      '--dir',
      this.folder.path,
    ]);
    await eventually('redis-server', () =>
      run('redis-cli', ['-s', this.socket, 'ping'], {}).then((text) => text.includes('PONG')),
    );
  }

  async stopStore(): Promise<void> {
    await this.redis?.end();
  }

  cli(...args: string[]): Promise<string> {
    return run(tool, args, this.env);
  }
  cliWith(input: string | Buffer, ...args: string[]): Promise<string> {
    return run(tool, args, this.env, input);
  }

  // The same port as before, if there was one: pages that are open find it again.
  async startWeb(...options: string[]): Promise<void> {
    const web = start(tool, ['web', '--listen', `127.0.0.1:${this.port}`, ...options], this.env);
    this.web = web;
    this.port = await eventually(`the address of windlass web in: ${web.output()}`, () => {
      if (web.child.exitCode !== null) throw new Error(web.output());
      return Number(/http:\/\/127\.0\.0\.1:(\d+)\D/.exec(web.output())?.[1] ?? 0) || null;
    });
  }

  async stopWeb(): Promise<void> {
    await this.web?.end();
  }

  work(...args: string[]): Running {
    const worker = start(tool, ['work', ...args], this.env);
    this.helpers.push(worker);
    return worker;
  }

  schedule(entries: string): Running {
    const scheduler = start(tool, ['schedule', this.file('entries.toml', entries)], this.env);
    this.helpers.push(scheduler);
    return scheduler;
  }

  async close(): Promise<void> {
    await Promise.all(this.helpers.map((h) => h.end('SIGKILL')));
    await this.stopWeb();
    await this.redis?.end();
    this.folder.remove();
  }

  async state(queue: string, id: string): Promise<string> {
    const found = JSON.parse(await this.cli('task', 'inspect', id, '--queue', queue, '--json')) as { state: string };
    return found.state;
  }

  reaches(queue: string, id: string, state: string): Promise<unknown> {
    return eventually(`task ${id} to be ${state}`, async () => (await this.state(queue, id)) === state);
  }
}

// Text with a segment of MessagePack: {"user": "ada", "n": 7, "raw": <ff 00>}
export const kMsgpack = Buffer.from([
  0x83,
  0xa4,
  ...Buffer.from('user'),
  0xa3,
  ...Buffer.from('ada'),
  0xa1,
  0x6e,
  0x07,
  0xa3,
  ...Buffer.from('raw'),
  0xc4,
  0x02,
  0xff,
  0x00,
]);

// Tasks in every state, with the ways to fail.
export async function settle(world: World): Promise<void> {
  const json = (i: number): string =>
    JSON.stringify({ user_id: 1000 + i, to: `user${i}@example.org`, template: 'welcome' });
  world.work(
    '--exec',
    'email:welcome=cat',
    '--exec',
    `image:resize=sh -c 'echo "resize: 4000x3000, 3 planes" >&2; kill -SEGV $$'`,
    '--exec',
    `invoice:send=sh -c 'echo "smtp.example.org:25: connection refused" >&2; exit 3'`,
    '--exec',
    `video:encode=sleep 1000`,
    '--concurrency',
    '6',
  );
  const enqueue = (...args: string[]): Promise<string> => world.cli('enqueue', ...args);
  await Promise.all([
    enqueue('image:resize', '{"file":"/srv/images/1041.jpg","width":320}', '--id', 'crash-1', '--max-retry', '0'),
    enqueue(
      'invoice:send',
      json(1),
      '--id',
      'retry-1',
      '--header',
      'traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    ),
    enqueue('email:welcome', json(2), '--id', 'done-1', '--retention', '1h'),
    enqueue('video:encode', '{"file":"/srv/video/7.mkv"}', '--id', 'active-1', '--timeout', '1h'),
  ]);
  await Promise.all(
    Array.from({ length: 5 }, (_, i) => enqueue('report:daily', json(i), '--id', `later-${i}`, '--in', `${i + 1}h`)),
  );
  await world.cliWith(kMsgpack, 'enqueue', 'report:binary', '-', '--id', 'msgpack-1', '--in', '2h');
  await Promise.all(
    Array.from({ length: 4 }, (_, i) =>
      enqueue(
        'digest',
        `{"n":${i}}`,
        '--queue',
        'reports',
        '--group',
        i % 2 ? 'daily' : 'weekly',
        '--id',
        `group-${i}`,
      ),
    ),
  );
  for (const [i, queue] of kOddQueues.entries())
    await enqueue('email:welcome', json(i), '--queue', queue, '--id', `odd-${i}`);
  await enqueue('email:welcome', json(9), '--queue', 'low');
  await world.cli('queue', 'pause', 'low');
  await Promise.all([
    world.reaches('default', 'crash-1', 'archived'),
    world.reaches('default', 'retry-1', 'retry'),
    world.reaches('default', 'done-1', 'completed'),
    world.reaches('default', 'active-1', 'active'),
  ]);
}
