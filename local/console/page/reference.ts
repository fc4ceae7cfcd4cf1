/** The global of swagger-ui-dist. */
declare const SwaggerUIBundle: (options: Record<string, unknown>) => void;

const dark = matchMedia('(prefers-color-scheme: dark)');
const followTheme = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', followTheme);
followTheme();

const response = await fetch('/console/openapi.json').catch(() => undefined);
if (response?.ok) {
  const spec = (await response.json()) as Record<string, unknown>;
  // "Try it out" calls this machine, wherever the document says that the service runs.
  SwaggerUIBundle({
    spec: { ...spec, servers: [{ url: '/api' }] },
    dom_id: '#reference',
    validatorUrl: null,
  });
} else {
  const message = document.querySelector('#reference p');
  if (message !== null) {
    message.textContent = response
      ? 'There is no openapi.json in the folder of the service, so there is no API reference. docs/api.md describes the API.'
      : 'The service cannot be reached. Run npm start, then reload this page.';
  }
}
