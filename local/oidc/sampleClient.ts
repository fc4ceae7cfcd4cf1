/** The public client for scripts and apps on this machine. */
export const SAMPLE_CLIENT = 'sample-app';

/** Signs in the user in `username` without a password. Only the local provider supports it. */
export const SAMPLE_GRANT = 'urn:acs-token-service:sample-user';
