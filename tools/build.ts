import { parseArgs } from 'node:util';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { bundleOptions } from './bundleOptions.ts';
import { CommandError, readCommandLine, runCommand } from './commandLine.ts';

const usage = `Builds the bundles that are deployed: dist/main.cjs and dist/telemetry.cjs.

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

const projectFolder = join(import.meta.dirname, '..');

/** A module that the SDKs import, and what takes its place. */
interface Replacement {
  module: RegExp;
  contents: string;
}

const unusedByService: Replacement[] = [
  { module: /^jsonwebtoken$/, contents: 'export default {};' },
  { module: /^open$/, contents: 'export default undefined;' },
  // Gets tokens on servers outside of Azure, from files that only their administrators can read.
  {
    module: /\/AzureArc\.mjs$/,
    contents:
      'export const AzureArc = { tryCreate: () => null, getEnvironmentVariables: () => [undefined] };',
  },
  // The proxy agents write to the console with it, when the variable DEBUG is set.
  { module: /^debug$/, contents: 'module.exports = () => () => undefined;' },
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

const fasterInService: Replacement[] = [
  {
    module: /\/sha256\.js$/,
    contents: "export { computeSha256Hash, computeSha256Hmac } from './shared/azure/sha256.ts';",
  },
];

const unusedByTelemetry: Replacement[] = [
  // Clients of databases, other exporters and their configuration files.
  {
    module: /^@opentelemetry\/(configuration$|exporter-|instrumentation-|otlp-|propagator-)/,
    contents: 'module.exports = {};',
  },
  { module: /\/(browserSdkLoader|liveMetrics)\.js$/, contents: 'module.exports = {};' },
  // Reads a configuration file beside the package, which does not exist here.
  {
    module: /\/jsonConfig\.js$/,
    contents: 'export const JsonConfig = { getInstance: () => ({}) };',
  },
  {
    // They send statistics to Microsoft and fetch settings that change what is sent.
    module: /\/(configurationManager|customerSDKStatsManager|statsbeatManager)\.js$/,
    contents: `const ignore = () => Promise.resolve();
      const manager = new Proxy({}, { get: (_, name) => name === 'customerSDKStatsMetrics' ? undefined : ignore });
      const none = { getInstance: () => manager };
      module.exports = { ConfigurationManager: none, CustomerSDKStatsManager: none, StatsbeatManager: none };`,
  },
];

/** Puts the replacements in place, and fails when an update of the SDKs no longer imports one of the modules. */
function replace(replacements: Replacement[]): Plugin {
  const found = new Set<RegExp>();
  return {
    name: 'replace',
    setup(bundle) {
      for (const { module, contents } of replacements) {
        bundle.onResolve({ filter: module }, ({ path }) => {
          found.add(module);
          return { path, namespace: module.source };
        });
        bundle.onLoad({ filter: /./, namespace: module.source }, () => ({
          contents,
          loader: 'js',
          resolveDir: projectFolder,
        }));
      }
      bundle.onEnd(() => ({
        errors: replacements
          .filter(({ module }) => !found.has(module))
          .map(({ module }) => ({
            text: `Nothing imports ${String(module)} any more. Remove it from tools/build.ts.`,
          })),
      }));
    },
  };
}

/** Leaves a module to the bundle beside this one, which is loaded when the module is imported. */
function loadFrom(bundle: string, module: RegExp): Plugin {
  return {
    name: 'loadFrom',
    setup(build) {
      build.onResolve({ filter: module }, () => ({ path: bundle, external: true }));
    },
  };
}

async function bundle(entryPoint: string, outfile: string, plugins: Plugin[]): Promise<void> {
  const { errors } = await build({
    ...bundleOptions,
    minify: !debug,
    sourcemap: debug && 'inline',
    entryPoints: [entryPoint],
    outfile,
    plugins,
  }).catch(() => ({ errors: [{}] }));
  if (errors.length > 0) throw new CommandError('The bundle could not be built. See above.');
}

await runCommand(async () => {
  await Promise.all([
    bundle('functions/main.ts', 'dist/main.cjs', [
      replace([...unusedByService, ...fasterInService]),
      loadFrom('./telemetry.cjs', /\/azureMonitor\.ts$/),
    ]),
    bundle('shared/telemetry/azureMonitor.ts', 'dist/telemetry.cjs', [replace(unusedByTelemetry)]),
  ]);
});
