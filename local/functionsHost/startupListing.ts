import type { HostListing } from './hostMessage.ts';

/** Lists the functions in the format of Core Tools, and the keys when they are checked. */
export function startupListing(listing: HostListing, enableAuth: boolean): string {
  const functions = listing.functions.map(
    ({ name, methods, url }) => `\t${name}:${methods.length > 0 ? ` [${methods.join(',')}]` : ''} ${url}\n`,
  );
  const keys = `Function key: ${listing.functionKey}\nMaster key: ${listing.masterKey}\n`;
  return `\nFunctions:\n\n${functions.join('\n')}\n${enableAuth ? `${keys}\n` : ''}`;
}
