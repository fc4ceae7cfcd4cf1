const GUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

export const guidPattern = new RegExp(`^${GUID}$`);

/** The id of a communication user as Communication Services returns it: `8:acs:<resource>_<user>`, in lower case. */
export const userIdPattern = new RegExp(`^8:(?:acs|gcch-acs|dod-acs):${GUID}_${GUID}$`);
