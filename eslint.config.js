import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Folders that the files of another folder must not import from. */
const outOfReach = (...folders) => ({
  'no-restricted-imports': [
    'error',
    {
      patterns: folders.map((folder) => ({
        group: [`**/${folder}/**`],
        message: 'Data flows one way: functions → shared → Azure; nothing deployed imports local.',
      })),
    },
  ],
});

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', 'tools/check-infra/.cache/']),
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
  { files: ['functions/**/*.ts'], rules: outOfReach('infra', 'local', 'test') },
  { files: ['shared/**/*.ts'], rules: outOfReach('functions', 'infra', 'local', 'test') },
  { files: ['local/**/*.ts'], rules: outOfReach('functions', 'infra', 'test') },
  { files: ['infra/**/*.ts'], rules: outOfReach('functions', 'test') },
);
