import { z } from 'zod';

export interface SettingInfo {
  /** The format of the value, such as `postgres://…`. */
  type: string;
  meaning: string;
  secret?: true;
  /** The default, as the docs print it. It is a text because some defaults are generated. */
  default: string;
  /** Whether `NODE_ENV=production` refuses to start without it. */
  requiredInProduction?: true;
}

/** The documentation of each setting, by its schema. */
export const settingInfo = z.registry<SettingInfo>();

/** Registers the documentation of a setting. @returns the same schema */
export function setting<Schema extends z.ZodType>(schema: Schema, info: SettingInfo): Schema {
  settingInfo.add(schema, info);
  return schema;
}
