import { createHash } from 'node:crypto';

/**
 * The one name a user has in the directory and in the logs: a hash (SHA-256, base64url) of issuer and subject,
 * whatever characters they hold and however long they are. Nothing else of them is kept.
 */
export function subjectKey(issuer: string, ...subject: string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([issuer, ...subject]))
    .digest('base64url');
}
