import type { BicepCompiler } from './bicepCompiler.ts';
import { compileInfra } from './compileInfra.ts';
import type { Deployment } from './expandedDeployment.ts';
import { checkQueries } from './queries.ts';
import { checkAppSettings } from './rules/appSettings.ts';
import { checkDiagnostics } from './rules/diagnostics.ts';
import { checkFlexConsumption } from './rules/flexConsumption.ts';
import { checkHardening } from './rules/hardening.ts';
import { checkModes } from './rules/modes.ts';
import { checkOutputs } from './rules/outputs.ts';
import { checkRedeployment } from './rules/redeployment.ts';
import { checkRoleAssignments } from './rules/roleAssignments.ts';

const rules = [
  checkAppSettings,
  checkDiagnostics,
  checkFlexConsumption,
  checkHardening,
  checkModes,
  checkRedeployment,
  checkRoleAssignments,
];

export interface InfraReport {
  /** What is wrong, each in a line; what the compiler finds is followed by the source line that it points at. */
  findings: string[];
  /** What was looked at, for people. */
  checked: string;
}

/** Checks the Bicep folder and the queries in it: how it is written, and what it would deploy. */
export async function checkInfra(
  bicep: BicepCompiler,
  folder: string,
  onProgress: (step: string) => void,
): Promise<InfraReport> {
  const { findings, template, deployments, files } = await compileInfra(bicep, folder, onProgress);
  onProgress('Parsing the queries');
  const queries = await checkQueries(folder);
  return {
    findings: [
      ...findings,
      ...queries.findings,
      ...(template === undefined ? [] : checkOutputs(template)),
      ...(template === undefined ? [] : checkCoverage(template, deployments)),
      ...deployments.flatMap((deployment) =>
        rules.flatMap((rule) => rule(deployment)).map((finding) => `${deployment.name} : ${finding}`),
      ),
    ],
    checked: `${files.length} files, ${deployments.length} deployments, ${queries.count} queries`,
  };
}

/** An option that no parameters file uses is one that nothing here has compiled. */
function checkCoverage(template: unknown, deployments: Deployment[]): string[] {
  const used = new Set(deployments.flatMap(({ parameters }) => Object.keys(parameters)));
  const { parameters } = template as { parameters: object };
  return Object.keys(parameters)
    .filter((name) => name !== 'location' && !used.has(name))
    .map((name) => `parameter ${name} is in none of the parameters files of variants`);
}
