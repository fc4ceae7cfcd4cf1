import { randomUUID } from 'node:crypto';
import { subjectKey } from '../../../shared/callers/subjectKey.ts';
import type { User } from '../../../tools/user-backup/backupFile.ts';

export function newUser(): User {
  return {
    subject: subjectKey('https://issuer.example', randomUUID()),
    communicationUserId: `8:acs:${randomUUID()}_${randomUUID()}`,
  };
}

/** Sorted as the table sorts them. */
export function newUsers(count: number): User[] {
  const users = Array.from({ length: count }, newUser);
  return users.sort((a, b) => (a.subject < b.subject ? -1 : 1));
}

/** A backup of these users. */
export function toText(users: User[]): string {
  return users.map((user) => `${JSON.stringify(user)}\n`).join('');
}
