import { createHash } from 'node:crypto';

/**
 * The name of a user in the directory and in the logs: a hash (SHA-256, base64url) of issuer and subject, so
 * that any characters and lengths work. Nothing else about the user is stored.
 */
export function subjectKey(issuer: string, ...subject: string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([issuer, ...subject]))
    .digest('base64url');
}
