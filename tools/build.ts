import { parseArgs } from 'node:util';
import { build, type Plugin } from 'esbuild';
import { CommandError, readCommandLine, runCommand } from './commandLine.ts';

const usage = `Builds the bundle that is deployed: dist/main.cjs.

npm run build [-- --debug]

  --debug  keep names and lines, with a source map; for the debugger, not for a deployment
  --help   show this help
`;

const { debug } = readCommandLine(usage, () => {
  const { values } = parseArgs({
    options: { debug: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  return values;
});

/** Modules that the SDKs import and this service never calls. */
const unused: { module: RegExp; contents: string }[] = [
  { module: /^jsonwebtoken$/, contents: 'export default {};' },
  { module: /^open$/, contents: 'export default undefined;' },
  {
    // The table SDK uses XML for the properties of an account, never for rows.
    module: /^@azure\/core-xml$/,
    contents: `export const XML_ATTRKEY = '$', XML_CHARKEY = '_';
      export const stringifyXML = () => { throw new Error('XML is not supported.'); };
      export const parseXML = () => Promise.reject(new Error('XML is not supported.'));`,
  },
  {
    // Gets tokens in Kubernetes, and brings in the credentials of all kinds of applications.
    module: /\/tokenExchangeMsi\.js$/,
    contents: 'export const tokenExchangeMsi = { isAvailable: () => Promise.resolve(false) };',
  },
];

/** Puts the stubs in place, and fails when an update of the SDKs no longer imports one of them. */
function leaveOut(): Plugin {
  const found = new Set<RegExp>();
  return {
    name: 'leaveOut',
    setup(bundle) {
      for (const { module, contents } of unused) {
        bundle.onResolve({ filter: module }, ({ path }) => {
          found.add(module);
          return { path, namespace: module.source };
        });
        bundle.onLoad({ filter: /./, namespace: module.source }, () => ({ contents, loader: 'js' }));
      }
      bundle.onEnd(() => ({
        errors: unused
          .filter(({ module }) => !found.has(module))
          .map(({ module }) => ({
            text: `Nothing imports ${String(module)} any more. Remove it from tools/build.ts.`,
          })),
      }));
    },
  };
}

await runCommand(async () => {
  const { errors } = await build({
    entryPoints: ['functions/main.ts'],
    outfile: 'dist/main.cjs',
    bundle: true,
    minify: !debug,
    sourcemap: debug && 'inline',
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    // Otherwise a package without an `exports` map adds a second, CommonJS copy of the SDK core.
    mainFields: ['module', 'main'],
    external: ['@azure/functions-core'],
    plugins: [leaveOut()],
    logLevel: 'warning',
  }).catch(() => ({ errors: [{}] }));
  if (errors.length > 0) throw new CommandError('The bundle could not be built. See above.');
});
