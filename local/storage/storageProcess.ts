import { createRequire } from 'node:module';

// Runs Azurite's table command and exits with the parent process.
process.on('disconnect', () => process.exit(0));
if (!process.connected) process.exit(0);
// Ctrl-C reaches every process of the terminal; this process exits with its parent.
process.on('SIGINT', () => undefined);
createRequire(import.meta.url)('azurite/dist/src/table/main.js');
