import { CommandError } from './commandLine.ts';
import { restoreUsers } from './user-backup/restoreUsers.ts';
import { optionsUsage, readUserTableCommand, runWithUserTable } from './user-backup/userTableCommand.ts';

const usage = `Writes the users of a backup into the user table. Changes no row that the table has.

npm run restore-users -- --table-endpoint URL [--table NAME] FILE
${optionsUsage}
You can stop the command at any time and run it again to continue. It exits with 1 when the table has
another value for a user; it reports each of them.
`;

const { table, file } = readUserTableCommand(usage);

await runWithUserTable(table, async (client, signal) => {
  const counts = await restoreUsers(client, file, { signal, report: console.error });
  const { restored, unchanged, conflict } = counts;
  console.log(
    `${restored} users restored, ${unchanged} already in the table, ${conflict} with another value.`,
  );
  if (conflict > 0) {
    throw new CommandError(
      'Users with another value were not changed: docs/operate.md#restore-the-user-directory',
    );
  }
});
