import { glob, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** The part of Microsoft's Kusto language service that is used here. The package defines it as a global. */
interface KustoLanguage {
  GlobalState: { Default: { WithDatabase(database: object): object } };
  KustoCode: {
    ParseAndAnalyze(
      text: string,
      globals: object,
    ): { GetDiagnostics(): { Count: number; getItem(index: number): { Message: string; Start: number } } };
  };
  Symbols: {
    TableSymbol: { From(columns: string): { WithName(name: string): object } };
    DatabaseSymbol: { ctor: new (name: string, tables: object[]) => object };
  };
}

const BASE_QUERY = 'tokenServiceRequests.kql';

/** https://learn.microsoft.com/azure/azure-monitor/reference/tables-index: the tables and columns in use. */
const tables = {
  AppTraces: '(TimeGenerated: datetime, Message: string, OperationId: string, Type: string)',
  AppRequests:
    '(TimeGenerated: datetime, Name: string, DurationMs: real, Success: bool, OperationId: string, Type: string)',
  AppDependencies:
    '(TimeGenerated: datetime, Name: string, DurationMs: real, Success: bool, OperationId: string, Properties: dynamic, Type: string)',
};

/** Parses every query in `queries/` as Log Analytics does: syntax, names and types. */
export async function checkQueries(folder: string): Promise<{ findings: string[]; count: number }> {
  const queries = join(folder, 'queries');
  const files = (await Array.fromAsync(glob('*.kql', { cwd: queries }))).sort();
  const read = (file: string) => readFile(join(queries, file), 'utf8');
  const base = await read(BASE_QUERY);
  const findings: string[] = [];
  for (const file of files) {
    const errors = file === BASE_QUERY ? parseQuery(base) : parseQuery(await read(file), base);
    findings.push(...errors.map((error) => `queries/${file} : ${error}`));
  }
  return { findings, count: files.length };
}

/** The errors of a query. `base` is the query that it calls TokenServiceRequests. */
export function parseQuery(query: string, base?: string): string[] {
  const { GlobalState, KustoCode, Symbols } = loadKusto();
  const workspace = Object.entries(tables).map(([name, columns]) =>
    Symbols.TableSymbol.From(columns).WithName(name),
  );
  const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor('workspace', workspace));

  const prelude = base === undefined ? '' : `let TokenServiceRequests =\n${base};\n`;
  const diagnostics = KustoCode.ParseAndAnalyze(prelude + query, globals).GetDiagnostics();
  return Array.from({ length: diagnostics.Count }, (_, index) => {
    const { Message: message, Start: start } = diagnostics.getItem(index);
    return `${message} (character ${start - prelude.length})`;
  });
}

function loadKusto(): KustoLanguage {
  const require = createRequire(import.meta.url);
  require('@kusto/language-service-next/bridge.min.js');
  require('@kusto/language-service-next/Kusto.Language.Bridge.min.js');
  return (globalThis as unknown as { Kusto: { Language: KustoLanguage } }).Kusto.Language;
}
