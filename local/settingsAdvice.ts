import { settingNames } from '../shared/config.ts';
import { nearestName } from '../tools/nearestName.ts';

/** Prefixes of the settings of this service. A variable of the environment with another prefix is somebody else's. */
const PREFIXES = /^(?:ACS|KEY_VAULT|TOKEN|OIDC|USER_TABLE|CALLER|REQUEST|TEAMS)_/;
/** What other programs of this project read. */
const OTHER_VARIABLES = ['ACS_CONNECTION_STRING', 'TOKEN_SERVICE_KEY', 'TOKEN_SERVICE_BEARER'];
/** What the Functions host, its worker and the Azure SDKs read. */
const PLATFORM =
  /^(?:FUNCTIONS|AzureWebJobs|AzureFunctions|AZURE|WEBSITE|APPLICATIONINSIGHTS|APPINSIGHTS|languageWorkers|NODE)_?/i;

export interface SettingSources {
  environment: NodeJS.ProcessEnv;
  /** The values in local.settings.json. */
  file: Record<string, string>;
  /** The variables that `npm start` sets itself. */
  overridden: Record<string, string | undefined>;
  oidc: boolean;
}

/** One line for each setting that has no effect: it is misspelt, or `npm start` sets another value. */
export function settingsAdvice({ environment, file, overridden, oidc }: SettingSources): string[] {
  const inEnvironment = Object.keys(environment).filter(isMeantForThisService);
  const names = [...new Set([...Object.keys(file), ...inEnvironment])].sort();
  return names.flatMap((name) => {
    const value = environment[name] ?? file[name];
    if (!value || PLATFORM.test(name) || OTHER_VARIABLES.includes(name)) return [];
    if (!settingNames.includes(name)) {
      const nearest = nearestName(name, settingNames);
      return [
        `${name} is not a setting of this service.${nearest === undefined ? '' : ` Did you mean ${nearest}?`}`,
      ];
    }
    if (name === 'CALLER_AUTH') {
      return value === 'oidc' && !oidc
        ? ['CALLER_AUTH=oidc has no effect here. Run npm start -- --callers oidc.']
        : [];
    }
    if (name in overridden) {
      return overridden[name] === value ? [] : [`${name} has no effect here: npm start uses its own.`];
    }
    return /^(?:OIDC|USER_TABLE)_/.test(name) && !oidc
      ? [`${name} has no effect without --callers oidc.`]
      : [];
  });
}

/** `TOKEN` alone, for example, is not. */
function isMeantForThisService(name: string): boolean {
  return (
    PREFIXES.test(name) ||
    (!PLATFORM.test(name) && name.includes('_') && nearestName(name, settingNames) !== undefined)
  );
}
