import '../tools/requireNode.js';

await import('./functionsHost/hostProcess.ts');
