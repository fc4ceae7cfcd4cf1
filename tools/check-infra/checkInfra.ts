import type { BicepCompiler } from './bicepCompiler.ts';
import { checkDeployment } from './checkDeployment.ts';
import { compileInfra } from './compileInfra.ts';
import type { Deployment } from './expandedDeployment.ts';
import { checkQueries } from './queries.ts';

export interface InfraReport {
  /** One problem each. A finding of the compiler has a second line: the source line it points at. */
  findings: string[];
  /** For information. */
  notes: string[];
  /** How much was checked, for the output. */
  checked: string;
}

/** Checks the Bicep files and queries of a folder, and what each parameters file would deploy. */
export async function checkInfra(
  bicep: BicepCompiler,
  folder: string,
  onProgress: (step: string) => void,
): Promise<InfraReport> {
  const { findings, notes, template, deployments, files } = await compileInfra(bicep, folder, onProgress);
  onProgress('Parsing the queries');
  const queries = await checkQueries(folder);
  return {
    findings: [
      ...findings,
      ...queries.findings,
      ...(template === undefined ? [] : checkParameterCoverage(template, deployments)),
      ...deployments.flatMap((deployment) =>
        checkDeployment(deployment).map((finding) => `${deployment.name} : ${finding}`),
      ),
    ],
    notes,
    checked: `${files.length} files, ${deployments.length} deployments, ${queries.count} queries`,
  };
}

/** A parameter that no parameters file sets is never expanded, so no rule sees its effect. */
function checkParameterCoverage(template: unknown, deployments: Deployment[]): string[] {
  const used = new Set(deployments.flatMap(({ parameters }) => Object.keys(parameters)));
  const { parameters } = template as { parameters: object };
  return Object.keys(parameters)
    .filter((name) => name !== 'location' && !used.has(name))
    .map((name) => `parameter ${name} is never set: set it in a file of infra/variants`);
}
