import { restrictedImports } from './imports.ts';
import { ENVIRONMENT, RAW_SQL, RAW_SQL_BY_NAME, type PropertyRefusal } from './refusals.ts';
import { PLACES } from './layers.ts';
import { RULES } from './rules.ts';

const PLUGINS = ['typescript', 'unicorn', 'oxc', 'import', 'promise', 'node'];

const restrictedProperties = (...refusals: (readonly PropertyRefusal[])[]) => ['error', ...refusals.flat()];

/** @returns the content of `.oxlintrc.json`. If several overrides set a rule for a file, the last one applies. */
export function oxlintConfig() {
  const [elsewhere, ...places] = PLACES;
  const withSql = places.flatMap(({ sql, files }) => (sql ? files : []));
  return {
    $schema: './node_modules/oxlint/configuration_schema.json',
    plugins: PLUGINS,
    jsPlugins: ['./dev/lint/no-sql.js'],
    categories: { correctness: 'error', suspicious: 'error', perf: 'error' },
    options: { reportUnusedDisableDirectives: 'error' },
    env: { builtin: true },
    ignorePatterns: ['node_modules', 'dist', '.local', 'coverage', 'db/migrations/**', 'test/histories/**'],
    rules: {
      'no-restricted-imports': restrictedImports(elsewhere),
      'no-restricted-properties': restrictedProperties(ENVIRONMENT, RAW_SQL),
      'atrium/no-sql': 'error',
      ...RULES,
    },
    overrides: [
      ...places.map((place) => ({
        files: place.files,
        rules: { 'no-restricted-imports': restrictedImports(place) },
      })),
      { files: ['test/**'], rules: { 'no-restricted-imports': 'off' } },
      {
        files: [...withSql, 'test/**'],
        rules: { 'no-restricted-properties': restrictedProperties(ENVIRONMENT), 'atrium/no-sql': 'off' },
      },
      {
        files: ['src/**'],
        rules: { 'no-restricted-properties': restrictedProperties(ENVIRONMENT, RAW_SQL_BY_NAME) },
      },
      {
        files: ['src/server.ts', 'workflows/worker.ts', 'workflows/bundle/build.ts'],
        rules: {
          'no-restricted-properties': restrictedProperties(RAW_SQL_BY_NAME),
          'node/no-process-env': 'off',
          'no-console': 'off',
          'unicorn/no-process-exit': 'off',
        },
      },
      {
        files: ['cli/**', 'deploy/**'],
        rules: {
          'no-restricted-properties': restrictedProperties(RAW_SQL),
          'node/no-process-env': 'off',
          'unicorn/no-process-exit': 'off',
        },
      },
      {
        files: ['dev/main.ts', 'dev/test.ts', 'bench/main.ts', 'bench/without/preload.ts', 'vitest.config.ts'],
        rules: { 'no-restricted-properties': 'off', 'node/no-process-env': 'off', 'unicorn/no-process-exit': 'off' },
      },
      { files: ['cli/**', 'dev/**', 'bench/**'], rules: { 'no-console': 'off' } },
      {
        // The lists in these files may be empty.
        files: ['**/product/**'],
        rules: { 'unicorn/require-module-specifiers': 'off', 'typescript/no-generated-empty-object-type': 'off' },
      },
      { files: ['*.config.ts', '**/*.config.ts'], rules: { 'import/no-default-export': 'off' } },
      {
        files: ['**/*.js'],
        rules: {
          'typescript/no-unsafe-argument': 'off',
          'typescript/no-unsafe-assignment': 'off',
          'typescript/no-unsafe-call': 'off',
          'typescript/no-unsafe-member-access': 'off',
          'typescript/no-unsafe-return': 'off',
          'typescript/no-misused-promises': 'off',
        },
      },
      {
        files: ['test/**'],
        plugins: [...PLUGINS, 'vitest'],
        rules: {
          'no-restricted-properties': restrictedProperties(ENVIRONMENT),
          'vitest/expect-expect': ['error', { assertFunctionNames: ['expect', 'expect*', 'expectTypeOf', 'assert*'] }],
          'vitest/no-identical-title': 'error',
          'vitest/no-commented-out-tests': 'error',
          'vitest/consistent-test-filename': 'off',
          'vitest/no-focused-tests': 'error',
          'vitest/no-disabled-tests': 'error',
          'vitest/no-import-node-test': 'error',
          'vitest/require-mock-type-parameters': 'off',
          'vitest/require-to-throw-message': 'off',
          'max-lines': 'off',
        },
      },
      {
        files: ['test/support/*setup*'],
        rules: {
          'no-restricted-properties': 'off',
          'no-console': 'off',
          'node/no-process-env': 'off',
          'import/no-default-export': 'off',
        },
      },
    ],
  };
}
