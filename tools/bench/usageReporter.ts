/** Loaded into the host's process by the benchmark: answers with what the process has used so far. */
export interface Usage {
  /** User and system time. */
  cpuMs: number;
  residentBytes: number;
}

process.on('message', (message) => {
  if (message !== 'usage') return;
  const { user, system } = process.cpuUsage();
  const usage: Usage = { cpuMs: (user + system) / 1000, residentBytes: process.memoryUsage.rss() };
  process.send?.(usage);
});
