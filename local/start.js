import '../tools/requireNode.js';

await import('./start.ts');
