import { access, readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize, relative } from 'node:path';
import { expect, test } from '@jest/globals';

/** The documents of the root, docs/, tools/ and examples/. */
async function listDocuments(): Promise<string[]> {
  const inFolders = ['docs', 'tools', 'examples'].map(async (folder) => {
    const paths = await readdir(folder, { recursive: true }).catch(() => []);
    return paths.map((path) => join(folder, path));
  });
  const paths = [await readdir('.'), ...(await Promise.all(inFolders))].flat();
  return paths.filter((path) => path.endsWith('.md') && !path.includes('node_modules'));
}

/** The relative links outside of code, those to GitHub's own pages left out. */
function linksOf(text: string, path: string): string[] {
  const prose = text.replace(/^ *```[^]*?^ *```/gm, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target) && !normalize(join(dirname(path), target)).startsWith('..'));
}

/** The anchors that GitHub gives to the headings. */
function anchorsOf(text: string): string[] {
  const headings = text.replace(/^ *```[^]*?^ *```/gm, '').matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}

async function isBroken(path: string, target: string): Promise<boolean> {
  const [file = '', anchor] = target.split('#');
  const linked = file === '' ? path : join(dirname(path), decodeURI(file));
  try {
    await access(linked);
    return anchor !== undefined && !anchorsOf(await readFile(linked, 'utf8')).includes(anchor);
  } catch {
    return true;
  }
}

test('every relative link in the documents leads to a file and a heading', async () => {
  const broken: string[] = [];

  for (const path of await listDocuments()) {
    const text = await readFile(path, 'utf8');
    for (const target of linksOf(text, path)) {
      if (await isBroken(path, target)) broken.push(`${path}: ${target}`);
    }
  }

  expect(broken).toEqual([]);
});

test('package.json has every npm script that the documents name', async () => {
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: object };
  const missing: string[] = [];

  for (const path of await listDocuments()) {
    const commands = (await readFile(path, 'utf8')).matchAll(
      /\bnpm (?:run (?:-\S+ )*([a-z][\w:-]*)|(start|test)\b)/g,
    );
    for (const [command, script, shortcut] of commands) {
      if (!Object.hasOwn(scripts, script ?? shortcut ?? '')) missing.push(`${path}: ${command}`);
    }
  }

  expect(missing).toEqual([]);
});

test('docs/README.md links to every document of docs/', async () => {
  const index = linksOf(await readFile('docs/README.md', 'utf8'), 'docs/README.md').map((target) =>
    join('docs', target),
  );
  const documents = (await listDocuments()).filter((path) => dirname(path) === 'docs');

  expect(documents.filter((path) => relative('docs', path) !== 'README.md' && !index.includes(path))).toEqual(
    [],
  );
});
