import openapiTypescript, { astToString, type OpenAPI3 } from 'openapi-typescript';
import { openApiDocument } from './openApiDocument.ts';

/** The files that the contract determines, by path. */
export async function generatedFiles(): Promise<Map<string, string>> {
  const document = openApiDocument();
  const types = astToString(await openapiTypescript(document as unknown as OpenAPI3));
  return new Map([
    ['openapi.json', `${JSON.stringify(document, null, 2)}\n`],
    ['test/api/openapi.d.ts', `// Written by npm run openapi.\n${types}`],
  ]);
}
