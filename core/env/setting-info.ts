import { z } from 'zod';

export interface SettingInfo {
  /** How the value is written, as in `postgres://…`. */
  type: string;
  meaning: string;
  secret?: true;
  /** What stands in when nothing is set; said here because it may be made, not written. */
  default: string;
  /** Whether `NODE_ENV=production` refuses to start without it. */
  requiredInProduction?: true;
}

/** What is known of each setting beside its schema. */
export const settingInfo = z.registry<SettingInfo>();

/** Adds what is known of a setting to its schema. */
export function setting<Schema extends z.ZodType>(schema: Schema, info: SettingInfo): Schema {
  settingInfo.add(schema, info);
  return schema;
}
