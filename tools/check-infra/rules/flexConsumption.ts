import { type Deployment, label, ofType, property, valuesAt } from '../expandedDeployment.ts';

/**
 * Properties that Azure rejects on Flex Consumption with error 51021. The compiler accepts them. Reported in
 * Azure/azure-cli#31414, microsoft/azure-pipelines-tasks#21032, Azure/azure-functions-host#10643 and
 * Azure/terraform-azurerm-avm-res-web-site#345. The plan has no FTP; functionAppConfig replaces the others.
 */
const rejectedProperties = [
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

/** The function app is on a Flex Consumption plan and sets no property that the plan rejects. */
export function checkFlexConsumption(deployment: Deployment): string[] {
  return ofType(deployment, 'Microsoft.Web/sites').flatMap((site) => [
    ...rejectedProperties
      .filter((name) => property(site, `siteConfig.${name}`) !== undefined)
      .map((name) => `siteConfig.${name} is rejected on Flex Consumption: remove it`),
    ...ofType(deployment, 'Microsoft.Web/serverfarms')
      .flatMap((plan) => valuesAt(plan, 'sku.name').map((sku) => ({ plan, sku })))
      .filter(({ sku }) => sku !== 'FC1')
      .map(({ plan, sku }) => `${label(plan)}: sku.name is ${String(sku)}, must be FC1`),
  ]);
}
