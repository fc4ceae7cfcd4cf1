import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { lazy } from '../../shared/azure/singleFlight.ts';
import type { Reply } from '../functionsHost/reply.ts';

const PAGE = join(import.meta.dirname, 'page');
const { resolve } = createRequire(import.meta.url);

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Returns the reply with a file of the page, and undefined for an unknown name. */
export function consoleFiles(app: string): (name: string) => Promise<Reply> | undefined {
  const scripts = lazy(bundleScripts);
  const files: Record<string, () => Promise<Reply>> = {
    '': () => html('index.html'),
    'base.css': () => file('text/css', join(PAGE, 'base.css')),
    'console.css': () => file('text/css', join(PAGE, 'console.css')),
    'console.js': async () => reply('text/javascript', (await scripts()).get('console.js') ?? ''),
    reference: () => html('reference.html'),
    'reference.js': async () => reply('text/javascript', (await scripts()).get('reference.js') ?? ''),
    'swagger-ui.js': () => file('text/javascript', resolve('swagger-ui-dist/swagger-ui-bundle.js')),
    'swagger-ui.css': () => file('text/css', resolve('swagger-ui-dist/swagger-ui.css')),
    'openapi.json': () => file('application/json', join(app, 'openapi.json')).catch(() => ({ status: 404 })),
  };
  return (name) => new Map(Object.entries(files)).get(name)?.();
}

async function html(name: string): Promise<Reply> {
  const { headers, ...reply } = await file('text/html', join(PAGE, name));
  return { ...reply, headers: { ...headers, 'content-security-policy': POLICY } };
}

async function file(type: string, path: string): Promise<Reply> {
  return reply(type, await readFile(path));
}

function reply(type: string, body: Uint8Array | string): Reply {
  return { status: 200, headers: { 'content-type': `${type}; charset=utf-8` }, body };
}

/** Bundles the scripts of the pages with the packages that they import. Returns them by file name. */
async function bundleScripts(): Promise<Map<string, string>> {
  const { build, stop } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: ['console.ts', 'reference.ts'].map((name) => join(PAGE, name)),
    outdir: PAGE,
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
  });
  await stop();
  return new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
}
