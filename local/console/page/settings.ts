import type { ConsoleSettings } from '../consoleSettings.ts';
import { send } from './problem.ts';

export interface Settings extends ConsoleSettings {
  /** Whether Communication Services is emulated. */
  isEmulated: boolean;
}

export async function loadSettings(): Promise<Settings> {
  const [settings, { emulators }] = await Promise.all([
    get<ConsoleSettings>('/console/settings'),
    get<{ emulators: { name: string }[] }>('/console/control/'),
  ]);
  return { ...settings, isEmulated: emulators.some(({ name }) => name === 'acs') };
}

async function get<Answer>(path: string): Promise<Answer> {
  return (await (await send(path)).json()) as Answer;
}
