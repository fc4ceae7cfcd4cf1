const PARENT_POLL_MS = 250;

/**
 * A signal that aborts when this process should stop: after Ctrl-C, SIGTERM, a closed terminal, or the end of the
 * npm that runs it. Ctrl-C again ends the process at once.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    controller.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);

  // On SIGTERM, npm ends the shell that it runs scripts in. The shell does not pass the signal on.
  const parent = process.ppid;
  if (process.env['npm_lifecycle_event'] !== undefined) {
    const timer = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(timer);
      stop();
    }, PARENT_POLL_MS).unref();
  }
  return controller.signal;
}
