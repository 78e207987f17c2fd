/**
 * Which file may import which. Rooms are named by their folder; a rule says where a room may not look.
 * Inside core: errors <- tensor <- image <- tiling; {tiling, graph} <- sampler <- conditioning; all <- passes <- restore.
 */
const core = '^packages/core/src/';
/** A room of core, and the rooms it may import besides itself. `options`, `progress` and `report` are vocabulary: types and checks. */
const rooms = {
  'errors.ts': [],
  'progress.ts': [],
  'options.ts': ['errors.ts', 'progress.ts'],
  'report.ts': ['options.ts', 'progress.ts'],
  'tensor/': ['errors.ts'],
  'image/': ['errors.ts', 'options.ts', 'report.ts', 'tensor/'],
  'tiling/': ['errors.ts', 'tensor/', 'image/'],
  'scaling/': ['options.ts', 'report.ts', 'image/', 'tiling/'],
  'graph/': ['errors.ts', 'options.ts', 'tensor/'],
  'sampler/': ['errors.ts', 'tensor/', 'image/', 'tiling/', 'graph/'],
  'conditioning/': ['errors.ts', 'report.ts', 'tensor/', 'image/', 'graph/', 'sampler/denoiser.ts', 'sampler/step-denoiser.ts'], // it makes what a denoiser is conditioned on
  'passes/': ['options.ts', 'report.ts', 'progress-clock.ts', 'open-model.ts', 'tensor/', 'image/', 'tiling/', 'scaling/', 'sampler/', 'conditioning/'],
  'contract/': ['errors.ts', 'options.ts', 'progress.ts', 'report.ts'],
};
const quote = (path) => path.replaceAll('.', '\\.');
const tests = '\\.test\\.ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'no-cycle', severity: 'error', comment: 'Two files that need each other are one file.', from: {}, to: { circular: true } },
    { name: 'resolves', severity: 'error', comment: 'Every import must lead somewhere.', from: {}, to: { couldNotResolve: true } },
    {
      name: 'core-imports-no-other-package',
      severity: 'error',
      from: { path: '^packages/core/' },
      to: { path: '^(packages/(?!core/)|apps/)' },
    },
    { name: 'sdk-imports-no-app', severity: 'error', from: { path: '^packages/sdk/' }, to: { path: '^apps/' } },
    { name: 'api-imports-core-only', severity: 'error', from: { path: '^apps/api/' }, to: { path: '^(packages/(?!core/)|apps/(?!api/))' } },
    { name: 'demo-imports-no-other-app', severity: 'error', from: { path: '^apps/demo/' }, to: { path: '^apps/(?!demo/)' } },
    {
      name: 'packages-by-their-name',
      severity: 'error',
      comment: 'A package is imported by its name, through its exports, not by a path into its source.',
      from: { path: '^(packages|apps)/([^/]+)/' },
      to: { path: '^(packages|apps)/[^/]+/src/', pathNot: '^$1/$2/', dependencyTypesNot: ['aliased-workspace', 'npm', 'npm-dev', 'npm-optional', 'npm-peer'] },
    },
    {
      name: 'core-is-runtime-neutral',
      severity: 'error',
      comment: 'Only adapters know a platform: no node: module and no runtime elsewhere.',
      from: { path: core, pathNot: ['^packages/core/src/adapter/', tests] },
      to: { dependencyTypes: ['core', 'npm-peer', 'npm-dev'] },
    },
    {
      name: 'adapters-import-only-their-ports',
      severity: 'error',
      comment: 'An adapter fills the codec or the graph port, or (node.ts) wires them up.',
      from: { path: '^packages/core/src/adapter/', pathNot: tests },
      to: {
        path: core,
        pathNot: '^packages/core/src/(adapter/|errors\\.ts|options\\.ts|report\\.ts|image/|graph/|tensor/tensor\\.ts|restorer\\.ts)',
      },
    },
    {
      name: 'nothing-imports-an-adapter',
      severity: 'error',
      from: { path: core, pathNot: ['^packages/core/src/adapter/', tests] },
      to: { path: '^packages/core/src/adapter/' },
    },
    ...Object.entries(rooms).map(([room, allowed]) => ({
      name: `core-${room.replace(/\/|\.ts/, '')}`,
      severity: 'error',
      comment: `${room} may import ${allowed.join(', ') || 'nothing'} of core.`,
      from: { path: `${core}${quote(room)}`, pathNot: tests },
      to: { path: core, pathNot: [room, ...allowed].map((a) => `${core}${quote(a)}`) },
    })),
  ],
  options: {
    doNotFollow: { path: ['node_modules', '/dist/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
      extensions: ['.ts', '.js', '.d.ts', '.json'],
    },
  },
};
