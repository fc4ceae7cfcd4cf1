import type { Reply } from './reply.ts';

const page = `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>Your Functions app is up and running</title></head>
  <body><h1>Your Functions app is up and running</h1></body>
</html>
`;

/** The reply to `GET /`. */
export function homepage(disabled: boolean): Reply {
  if (disabled) return { status: 204 };
  return { status: 200, headers: { 'content-type': 'text/html' }, body: page };
}
