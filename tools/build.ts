import { build, type Plugin } from 'esbuild';
import { bundleOptions } from './bundleOptions.ts';
import { CommandError, runCommand } from './commandLine.ts';

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
  // The service only reads with its schemas; zod can write JSON Schema too.
  { module: /\/json-schema-processors\.js$/, contents: 'module.exports = {};' },
  { module: /\/json-schema-generator\.js$/, contents: 'module.exports = {};' },
  {
    module: /\/to-json-schema\.js$/,
    contents: `const unsupported = () => { throw new Error('JSON Schema is not supported.'); };
      export { unsupported as createToJSONSchemaMethod, unsupported as createStandardJSONSchemaMethod };`,
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
    ...bundleOptions,
    entryPoints: ['functions/main.ts'],
    outfile: 'dist/main.cjs',
    plugins: [leaveOut()],
  }).catch(() => ({ errors: [{}] }));
  if (errors.length > 0) throw new CommandError('The bundle could not be built. See above.');
});
