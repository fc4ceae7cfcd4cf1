import type { RpcHttpCookie, RpcHttpResponse } from './coreTypes.ts';
import type { Reply } from './reply.ts';

/** What the host answers for what the worker returned; a function that returns nothing gets 204. */
export function fromRpcHttpResponse(http: RpcHttpResponse | null | undefined): Reply {
  if (http === null || http === undefined) return { status: 204 };
  const headers = new Map<string, string | string[]>(Object.entries(http.headers ?? {}));
  if (http.cookies?.length)
    headers.set('set-cookie', [...list(headers.get('set-cookie')), ...http.cookies.map(setCookie)]);
  // The body is whole here, so its length is known and its framing is not the function's to choose.
  headers.delete('content-length');
  headers.delete('transfer-encoding');
  return {
    status: Number(http.statusCode ?? 200),
    headers: Object.fromEntries(headers),
    body: http.body?.bytes ?? http.body?.string ?? '',
  };
}

function list(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : [value].flat();
}

/** As ASP.NET writes it: path `/` unless another is given, name and value escaped. */
function setCookie(cookie: RpcHttpCookie): string {
  const sameSite = cookie.sameSite === 'explicitNone' ? 'none' : cookie.sameSite;
  const attributes = [
    `${escapeData(cookie.name)}=${escapeData(cookie.value)}`,
    cookie.expires && `expires=${new Date(cookie.expires.value.seconds * 1000).toUTCString()}`,
    cookie.maxAge && `max-age=${Math.trunc(cookie.maxAge.value)}`,
    cookie.domain && `domain=${cookie.domain.value}`,
    `path=${cookie.path?.value ?? '/'}`,
    cookie.secure?.value === true && 'secure',
    cookie.sameSite !== 'none' && sameSite && `samesite=${sameSite}`,
    cookie.httpOnly?.value === true && 'httponly',
  ];
  return attributes.filter((attribute) => typeof attribute === 'string').join('; ');
}

/** Uri.EscapeDataString, which also escapes what encodeURIComponent leaves. */
function escapeData(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
