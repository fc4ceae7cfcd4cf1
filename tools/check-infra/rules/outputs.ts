const expected = ['functionAppHostName', 'functionAppName', 'keyVaultUri', 'secretName'];

/** Outputs stay readable in the history of deployments: the template has the expected ones, and no module tells a secret. */
export function checkOutputs(template: unknown): string[] {
  const names = Object.keys((template as { outputs?: object }).outputs ?? {});
  return [
    ...names
      .filter((name) => !expected.includes(name))
      .map((name) => `output ${name} is not one of ${expected.join(', ')}`),
    ...expected.filter((name) => !names.includes(name)).map((name) => `output ${name} is missing`),
    ...secretOutputs(template),
  ];
}

/** Those of the template and of every module in it. */
function secretOutputs(template: unknown): string[] {
  if (typeof template !== 'object' || template === null) return [];
  return Object.entries(template).flatMap(([key, value]: [string, unknown]) =>
    key === 'outputs'
      ? Object.entries(value as Record<string, Output>)
          .filter(([, output]) => holdsSecret(output))
          .map(([name]) => `output ${name} holds a secret`)
      : secretOutputs(value),
  );
}

interface Output {
  type: string;
  value: unknown;
}

function holdsSecret({ type, value }: Output): boolean {
  return /^secure/i.test(type) || /\blist\w+\(/i.test(JSON.stringify(value));
}
