import { backupUsers } from './user-backup/backupUsers.ts';
import { optionsUsage, readUserTableCommand, runWithUserTable } from './user-backup/userTableCommand.ts';

const usage = `Writes the user table to a new file, one JSON line for each user. restore-users reads it.

npm run backup-users -- --table-endpoint URL [--table NAME] FILE
${optionsUsage}
The file contains personal data: which user has which communication user. Only you can read it.

Until the backup is complete, the file is FILE.partial. You can stop the command at any time and run it
again to continue.
`;

const { table, file } = readUserTableCommand(usage);

await runWithUserTable(table, async (client, signal) => {
  const count = await backupUsers(client, file, { signal, report: console.error });
  console.log(`${file} has ${count} users. It contains personal data: keep it as safe as the table.`);
});
