/** The public client that scripts and apps on this machine use. */
export const SAMPLE_CLIENT = 'sample-app';

/** Signs in whoever `username` names, without a password: it exists in the local provider and nowhere else. */
export const SAMPLE_GRANT = 'urn:acs-token-service:sample-user';
