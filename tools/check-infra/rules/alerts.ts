import {
  type Deployment,
  label,
  ofType,
  property,
  type Resource,
  typeOf,
  valuesAt,
} from '../expandedDeployment.ts';

/** The windows and frequencies that Azure accepts, in minutes. It documents them in the portal only; Terraform lists them. */
const accepted: Readonly<Record<string, { evaluationFrequency: number[]; windowSize: number[] }>> = {
  'Microsoft.Insights/scheduledQueryRules': {
    evaluationFrequency: [1, 5, 10, 15, 30, 45, 60, 120, 180, 240, 300, 360, 1440],
    windowSize: [1, 5, 10, 15, 30, 45, 60, 120, 180, 240, 300, 360, 1440, 2880],
  },
  'Microsoft.Insights/metricAlerts': {
    evaluationFrequency: [1, 5, 15, 30, 60],
    windowSize: [1, 5, 15, 30, 60, 360, 720, 1440],
  },
};

interface Condition {
  metricName?: string;
  metricMeasureColumn?: string;
  metricNamespace?: string;
  operator: string;
  query?: string;
  threshold: number;
}

/** Azure accepts every alert rule, and each can fire and can be resolved. */
export function checkAlerts(deployment: Deployment): string[] {
  return Object.entries(accepted).flatMap(([type, values]) =>
    ofType(deployment, type).flatMap((rule) =>
      [
        ...(property(rule, 'enabled') === false ? ['properties.enabled is false, must be true'] : []),
        ...checkTimes(rule, values),
        ...valuesAt(rule, 'properties.criteria.allOf.*').flatMap((condition) =>
          checkCondition(condition as Condition, rule),
        ),
      ].map((finding) => `${label(rule)}: ${finding}`),
    ),
  );
}

function checkTimes(rule: Resource, values: Record<string, number[]>): string[] {
  const times = Object.entries(values).map(([name, minutes]) => {
    const text = String(property(rule, name));
    return { name, text, minutes: minutesOf(text), accepted: minutes };
  });
  const [frequency, window] = times.map(({ minutes }) => minutes);
  return [
    ...times
      .filter(({ minutes, accepted }) => !accepted.includes(minutes))
      .map(
        ({ name, text, accepted }) =>
          `properties.${name} is ${text}, must be one of ${accepted.join(', ')} minutes`,
      ),
    ...((frequency ?? 0) > (window ?? 0)
      ? [
          'properties.evaluationFrequency is longer than windowSize, so it skips events; must be at most windowSize',
        ]
      : []),
  ];
}

function checkCondition(condition: Condition, rule: Resource): string[] {
  const { metricMeasureColumn, metricName, metricNamespace, operator, query = '', threshold } = condition;
  const types = valuesAt(rule, 'properties.scopes.*').map((scope) => typeOf(String(scope)));
  const findings: string[] = [];
  const max = /percent/i.test(metricMeasureColumn ?? metricName ?? '') ? 100 : Infinity;
  const outcomes = [0, max].map((value) => holds(value, operator, threshold));
  if (outcomes.every((outcome) => outcome === outcomes[0]))
    findings.push(
      `threshold is ${threshold}, which ${outcomes[0] === true ? 'always' : 'never'} fires; must be between 0 and ${max}`,
    );
  if (metricMeasureColumn !== undefined && !new RegExp(`\\b${metricMeasureColumn}\\b`).test(query))
    findings.push(`metricMeasureColumn is ${metricMeasureColumn}, must be a column of the query`);
  if (metricNamespace !== undefined && !types.includes(metricNamespace))
    findings.push(`metricNamespace is ${metricNamespace}, must be the type of its scope, ${types.join()}`);
  return findings;
}

function holds(value: number, operator: string, threshold: number): boolean {
  if (operator.startsWith('GreaterThan'))
    return value > threshold || (operator.endsWith('Equal') && value === threshold);
  if (operator.startsWith('LessThan'))
    return value < threshold || (operator.endsWith('Equal') && value === threshold);
  return value === threshold;
}

/** Minutes of an ISO 8601 duration such as PT15M, PT6H or P1D. NaN when it is none. */
function minutesOf(duration: string): number {
  const [, days = 0, hours = 0, minutes = 0] = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/.exec(
    duration,
  ) ?? [0, 0, 0, NaN];
  return (Number(days) * 24 + Number(hours)) * 60 + Number(minutes);
}
