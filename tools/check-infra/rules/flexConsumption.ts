import { type Deployment, ofType, property } from '../expandedDeployment.ts';

/**
 * Properties that Azure refuses on Flex Consumption with error 51021, and the compiler knows nothing of: reported in
 * Azure/azure-cli#31414, microsoft/azure-pipelines-tasks#21032, Azure/azure-functions-host#10643 and
 * Azure/terraform-azurerm-avm-res-web-site#345. The plan has no FTP; the rest is said in functionAppConfig.
 */
const refused = [
  'alwaysOn',
  'ftpsState',
  'functionAppScaleLimit',
  'functionsRuntimeScaleMonitoringEnabled',
  'linuxFxVersion',
  'netFrameworkVersion',
  'preWarmedInstanceCount',
  'use32BitWorkerProcess',
  'windowsFxVersion',
];

/** The function app says nothing that its plan refuses. */
export function checkFlexConsumption(deployment: Deployment): string[] {
  return ofType(deployment, 'Microsoft.Web/sites').flatMap((site) =>
    refused
      .filter((name) => property(site, `siteConfig.${name}`) !== undefined)
      .map((name) => `siteConfig.${name} is refused on Flex Consumption: leave it out`),
  );
}
