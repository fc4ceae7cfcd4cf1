import type { Deployment } from './expandedDeployment.ts';
import { checkAcsCredentials } from './rules/acsCredentials.ts';
import { checkAlerts } from './rules/alerts.ts';
import { checkAppSettings } from './rules/appSettings.ts';
import { checkDependencies } from './rules/dependencies.ts';
import { checkFlexConsumption } from './rules/flexConsumption.ts';
import { checkHardening } from './rules/hardening.ts';
import { checkPrivateEndpoints } from './rules/privateEndpoints.ts';
import { checkPrivateNetworking } from './rules/privateNetworking.ts';
import { checkRedeployment } from './rules/redeployment.ts';
import { checkReferences } from './rules/references.ts';
import { checkRoleAssignments } from './rules/roleAssignments.ts';
import { checkSubnets } from './rules/subnets.ts';

const rules = [
  checkAcsCredentials,
  checkAlerts,
  checkAppSettings,
  checkDependencies,
  checkFlexConsumption,
  checkHardening,
  checkPrivateEndpoints,
  checkPrivateNetworking,
  checkRedeployment,
  checkReferences,
  checkRoleAssignments,
  checkSubnets,
];

/** The findings of every rule. */
export function checkDeployment(deployment: Deployment): string[] {
  return rules.flatMap((rule) => rule(deployment));
}
