import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Rooms that the files of another room must not import from. */
const mustNotImport = (...rooms) => ({
  'no-restricted-imports': [
    'error',
    {
      patterns: rooms.map((room) => ({
        group: [`**/${room}/**`],
        message: 'Data flows one way: functions → shared → Azure; nothing deployed imports local or tools.',
      })),
    },
  ],
});

export default defineConfig(
  globalIgnores([
    'dist/',
    'coverage/',
    '.stryker-tmp/',
    'tools/check-infra/.cache/',
    'test/api/openapi.d.ts',
  ]),
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  {
    files: ['functions/**/*.ts', 'shared/**/*.ts'],
    ignores: ['shared/config.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "MemberExpression[object.name='process'][property.name='env']",
          message: 'Settings are read once, in shared/config.ts.',
        },
      ],
    },
  },
  {
    files: ['functions/**/*.ts', 'shared/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { name: 'zod', message: 'Import zod/mini: with zod, an instance takes 25 ms longer to load.' },
      ],
    },
  },
  { files: ['functions/**/*.ts'], rules: mustNotImport('local', 'tools', 'test') },
  { files: ['shared/**/*.ts'], rules: mustNotImport('functions', 'local', 'tools', 'test') },
  {
    files: ['shared/{acs,azure,keyVault,users}/**/*.ts'],
    rules: mustNotImport('functions', 'local', 'tools', 'test', 'http', 'callers'),
  },
  { files: ['local/**/*.ts', 'tools/**/*.ts'], rules: mustNotImport('functions', 'test') },
  { files: ['test/{local,tools}/**/*.ts'], rules: mustNotImport('functions', 'api') },
);
