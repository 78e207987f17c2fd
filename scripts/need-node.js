/** Loaded before a script: stops with a plain sentence where Node is too old to run TypeScript. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(`Fairweather is built with Node 22.18 or newer, this is ${process.version}.`);
  console.error('npm ci brings Node 24 along (package "node"), but it could not be installed here; install Node 24 and try again.');
  process.exit(1);
}
