import type { BuildOptions } from 'esbuild';

/** How an app becomes the one file that the Functions worker loads. */
export const bundleOptions = {
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node22',
  format: 'cjs',
  // Otherwise a package without an `exports` map adds a second, CommonJS copy of the SDK core.
  mainFields: ['module', 'main'],
  // openapi.json is deployed beside the bundle, and loaded when it is asked for.
  external: ['@azure/functions-core', './openapi.json'],
  logLevel: 'warning',
} satisfies BuildOptions;
