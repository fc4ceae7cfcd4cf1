/** The host cannot start. The message tells the developer what to change; `cause` is what the app threw, if it did. */
export class StartError extends Error {
  override name = 'StartError';
}
