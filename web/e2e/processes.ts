// Programs that a test starts, and ends again.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const tool = process.env.WINDLASS_TOOL ?? 'windlass';
const kPatienceMs = 40_000;

export interface Running {
  child: ChildProcess;
  output: () => string;
  end: (signal?: NodeJS.Signals) => Promise<void>;
}

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

// Asks again and again, until the answer is something. Fails with what it waited for.
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | null | false> | T | undefined | null | false,
): Promise<T> {
  const until = Date.now() + kPatienceMs;
  let last: unknown;
  while (Date.now() < until) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== null && answer !== false) return answer;
    } catch (error) {
      last = error;
    }
    await pause(50);
  }
  throw new Error(`waited in vain for ${what}${last ? `: ${String(last)}` : ''}`);
}

export function start(command: string, args: string[], env: Record<string, string> = {}): Running {
  let output = '';
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.on('error', (error) => (output += String(error)));
  const gone = new Promise<void>((done) => {
    child.on('exit', () => done());
    child.on('error', () => done());
  });
  return {
    child,
    output: () => output,
    end: (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return gone;
    },
  };
}

// Runs a program to its end; what it printed. Throws when it fails.
export function run(
  command: string,
  args: string[],
  env: Record<string, string>,
  input: string | Buffer = '',
): Promise<string> {
  return new Promise((done, failed) => {
    const child = spawn(command, args, { env: { ...process.env, ...env } });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.on('error', failed);
    child.on('close', (code) =>
      code === 0 ? done(output) : failed(new Error(`${command} ${args.join(' ')}: exit code ${code}: ${errors}`)),
    );
    child.stdin.on('error', () => undefined); // it may end without reading
    child.stdin.end(input);
  });
}

export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'windlass-web-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
