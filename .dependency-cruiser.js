// Who may import whom: ARCHITECTURE.md draws it, this file enforces it.

const test = '[.]test[.]ts$'
const outsideOfProduct = `^(tests|bench)/|${test}`

export default {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolved',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'contracts-are-leaves',
      comment:
        'A contract imports other contracts, kit/contract.ts and zod, so that any side can read it.',
      severity: 'error',
      from: { path: '^contracts/' },
      to: { pathNot: '^contracts/|^kit/contract[.]ts$|^node_modules/zod/' },
    },
    {
      name: 'kit-knows-no-product',
      comment: 'The kit would fit any product: what it needs of this one is passed to it.',
      severity: 'error',
      from: { path: '^kit/' },
      to: { path: '^(contracts|services|gateway|client|web|bin)/' },
    },
    {
      name: 'services-meet-through-contracts',
      comment: 'Call the other service through its contract: name it in `uses`.',
      severity: 'error',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'services-know-no-edge',
      comment: 'A service does not know how it is reached or where it runs.',
      severity: 'error',
      from: { path: '^services/' },
      to: {
        path: [
          '^(gateway|client|web|bin)/',
          '^node_modules/(fastify|@fastify|socket[.]io|socket[.]io-client|@platformatic|amqplib|ioredis)/',
        ],
      },
    },
    {
      name: 'service-front-door',
      comment: 'From outside, a service is its index.ts.',
      severity: 'error',
      from: { pathNot: '^services/' },
      to: { path: '^services/[^/]+/(?!index[.]ts$)' },
    },
    {
      name: 'handlers-see-the-front-of-the-kit',
      comment: 'Databases, buses and servers are passed in, never imported.',
      severity: 'error',
      from: { path: '^services/[^/]+/(index|handlers|subscribers|rules)([.]ts$|/)' },
      to: {
        path: '^kit/',
        pathNot: '^kit/(config|context|contract|failure|job|page|service)[.]ts$',
      },
    },
    {
      name: 'rules-are-pure',
      comment: 'A rule decides from its arguments.',
      severity: 'error',
      from: { path: '^services/[^/]+/rules([.]ts$|/)' },
      to: { path: '^services/[^/]+/(store|handlers|subscribers)([.]ts$|/)' },
    },
    {
      name: 'sql-stays-in-stores',
      severity: 'error',
      from: {
        path: '^services/',
        pathNot: ['^services/[^/]+/(store|tables|migrations)([.]ts$|/)', test],
      },
      to: { path: '^node_modules/(kysely|pg)/|^(node:)?sqlite$' },
    },
    {
      name: 'stores-know-tables-only',
      comment: 'A store asks and answers: no failures, no permissions, no calls.',
      severity: 'error',
      from: { path: '^services/[^/]+/store([.]ts$|/)' },
      to: {
        pathNot: [
          '^services/[^/]+/(store|tables)([.]ts$|/)',
          '^contracts/',
          '^kit/(db/|db[.]ts$|page[.]ts$)',
          '^node_modules/(kysely|zod)/',
        ],
      },
    },
    {
      name: 'migrations-stand-alone',
      comment: 'A released migration must not change because the code around it does.',
      severity: 'error',
      from: { path: '^services/[^/]+/migrations/' },
      to: {
        pathNot: ['^services/[^/]+/migrations/', '^kit/(db/|db[.]ts$)', '^node_modules/kysely/'],
      },
    },
    {
      name: 'gateway-knows-no-service',
      comment: 'The gateway reads contracts; what stands behind them is passed to it.',
      severity: 'error',
      from: { path: '^gateway/' },
      to: { path: '^(services|client|web|bin)/' },
    },
    {
      name: 'client-sees-contracts-only',
      severity: 'error',
      from: { path: '^client/', pathNot: test },
      to: {
        pathNot: [
          '^(client|contracts)/',
          '^kit/(contract|failure)[.]ts$',
          '^node_modules/socket[.]io-client/',
        ],
      },
    },
    {
      name: 'web-sees-contracts-only',
      severity: 'error',
      from: { path: '^web/' },
      to: {
        path: '^(services|gateway|bin|tests|bench|kit)/',
        pathNot: '^kit/(contract|failure)[.]ts$',
      },
    },
    {
      name: 'browsers-have-no-node',
      comment: 'These files run in a browser too.',
      severity: 'error',
      from: { path: '^(client|contracts|web)/|^kit/(contract|failure)[.]ts$', pathNot: test },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-test-code-in-product',
      severity: 'error',
      from: { pathNot: `^tests/|${test}|^kit/testing([.]ts$|/)` },
      to: { path: `^tests/|${test}|^kit/testing([.]ts$|/)` },
    },
    {
      name: 'no-bench-in-product',
      severity: 'error',
      from: { pathNot: '^bench/' },
      to: { path: '^bench/' },
    },
    {
      name: 'server-needs-real-dependencies',
      comment: 'What runs in production is in `dependencies`; only its types may be elsewhere.',
      severity: 'error',
      from: {
        path: '^(bin|client|contracts|gateway|kit|services)/',
        pathNot: [
          outsideOfProduct,
          '^kit/testing([.]ts$|/)',
          '^bin/(build|build-web|check|check-contracts|check-deploy|conformance|openapi)[.]ts$',
        ],
      },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: '^node_modules/' },
    exclude: { path: '^(bench/peers|dist)/' },
    // Imports of types count: they bind as much as others.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
}
