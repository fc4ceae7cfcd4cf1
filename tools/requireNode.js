// JavaScript, because a Node.js that is too old cannot read TypeScript.
import process from 'node:process';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(
    `Node.js ${process.versions.node} is too old: version 22.19 or newer is required. \`npm start\` uses the one in node_modules.\n`,
  );
  process.exit(1);
}
