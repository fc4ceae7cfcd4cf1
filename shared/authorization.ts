import type { Caller } from './callers/caller.ts';

export type Action = 'createUser' | 'issueToken' | 'revokeTokens' | 'deleteUser';

/** Whose communication users an action may reach. */
export type Reach = 'any' | 'own';

const reach: Record<Caller['kind'], Record<Action, Reach>> = {
  service: { createUser: 'any', issueToken: 'any', revokeTokens: 'any', deleteUser: 'any' },
  user: { createUser: 'own', issueToken: 'own', revokeTokens: 'own', deleteUser: 'own' },
};

export function reachOf(caller: Caller, action: Action): Reach {
  return reach[caller.kind][action];
}
