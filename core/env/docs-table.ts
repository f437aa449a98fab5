import { settingInfo } from './setting-info.ts';
import { SETTINGS } from './settings.ts';

export interface SettingRow {
  name: string;
  type: string;
  default: string;
  secret: boolean;
  requiredInProduction: boolean;
  meaning: string;
}

/** Every setting as a row, for `bun run config` and the docs. */
export function settingRows(): SettingRow[] {
  return Object.entries(SETTINGS.shape).flatMap(([name, schema]) => {
    const info = settingInfo.get(schema);
    if (!info) return [];
    const { type, meaning, secret = false, requiredInProduction = false } = info;
    return [{ name, type, default: info.default, secret, requiredInProduction, meaning }];
  });
}

/** All settings as the Markdown table of docs/configuration.md. */
export function settingTable(): string {
  const escape = (text: string): string => text.replaceAll('|', '\\|');
  const rows = settingRows().map(({ name, type, default: standard, secret, requiredInProduction, meaning }) =>
    [
      `\`${name}\``,
      escape(type),
      escape(standard),
      secret ? 'secret' : '',
      requiredInProduction ? 'required' : '',
      escape(meaning),
    ].join(' | '),
  );
  return [
    '| name | type | default | secret | in production | meaning |',
    '|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
  ].join('\n');
}

/** The text of `.env.example`: every setting, commented out, with its meaning. */
export function envExample(): string {
  const entries = settingRows().map(({ name, type, default: standard, meaning, requiredInProduction }) =>
    [
      `# ${meaning}`,
      `# ${type}; default: ${standard}${requiredInProduction ? '; required in production' : ''}`,
      `# ${name}=`,
    ].join('\n'),
  );
  return `${entries.join('\n\n')}\n`;
}
