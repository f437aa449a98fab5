import { ROOMS, type Place, type Room } from './place.ts';
import { EVERYWHERE, OWNER, SQL_TAG, type ImportRefusal } from './refusals.ts';

/** @returns the value of `no-restricted-imports` for a place */
export function restrictedImports(place: Place): ['error', { patterns: ImportRefusal[] }] {
  return ['error', { patterns: [...refusalsOf(place), ...EVERYWHERE] }];
}

function* refusalsOf({ rooms, owner, sql, typesOf, doors, only, refuses = [] }: Place): Generator<ImportRefusal> {
  if (typesOf) {
    const { why: message } = typesOf;
    const regex = 'folder' in typesOf ? `(^|/)${typesOf.folder}(/|$)` : pathsInto(typesOf.rooms);
    yield { regex, allowTypeImports: true, message };
  }
  if (rooms) yield { regex: pathsInto(ROOMS.filter((room) => !rooms.may.includes(room))), message: rooms.why };
  if (!owner) yield OWNER;
  if (!sql) yield SQL_TAG;
  if (doors) {
    const closed = doors.to.flatMap((room) => [`**/${room}`, `**/${room}/**`]);
    const open = doors.files.map((file) => `!**/${file}`);
    const except = doors.except?.map((file) => `**/${file}`) ?? [];
    yield { group: [...closed, ...open, ...except], message: doors.why };
  }
  if (only) yield { group: ['**', ...only.modules.map((module) => `!${module}`)], message: only.why };
  yield* refuses;
}

function pathsInto(rooms: readonly Room[]): string {
  return `^[./]*\\.\\./(${rooms.join('|')})(/|$)`;
}
