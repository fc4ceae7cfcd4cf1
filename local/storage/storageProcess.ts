import { createRequire } from 'node:module';

// The storage emulator's own command, in a process that ends with its parent.
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches every process of the terminal.
process.on('SIGINT', () => undefined);
createRequire(import.meta.url)('azurite/dist/src/table/main.js');
