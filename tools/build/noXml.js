// Stands in for @azure/core-xml. The table SDK uses XML for the properties of an account only, never for rows.
export const XML_ATTRKEY = '$';
export const XML_CHARKEY = '_';

export function stringifyXML() {
  throw new Error('XML is not supported.');
}

export function parseXML() {
  return Promise.reject(new Error('XML is not supported.'));
}
