import { connectOwner } from '../../db/connection/owner/connect.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { LOSSES } from './losses.ts';

// Runs one loss in a process of its own. It exits with 0 if the guarantee held and no error was uncaught.
const [name = '', direct = '', adminUrl = ''] = process.argv.slice(2);
const lose = LOSSES[name];
if (!lose) throw new Error(`there is no loss named ${name}`);

const { port } = new URL(direct);
await using proxy = await startFaultProxy(Number(port));
const admin = connectOwner(adminUrl, { max: 1, name: 'atrium test admin' });
await lose({
  open: connectOwner,
  direct,
  proxied: direct.replace(`:${port}/`, `:${proxy.port}/`),
  proxy,
  admin,
});
await admin.end({ timeout: 5 });
