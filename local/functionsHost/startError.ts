/** Why the host cannot start, in words for whoever started it; `cause` holds what an app threw. */
export class StartError extends Error {
  override name = 'StartError';
}
