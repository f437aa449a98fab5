import { LAYERS, type Place, type Layer } from './place.ts';
import { EVERYWHERE, OWNER, SQL_TAG, type ImportRefusal } from './refusals.ts';

/** @returns the value of `no-restricted-imports` for a place */
export function restrictedImports(place: Place): ['error', { patterns: ImportRefusal[] }] {
  return ['error', { patterns: [...refusalsOf(place), ...EVERYWHERE] }];
}

function* refusalsOf({ layers, owner, sql, typesOf, doors, only, refuses = [] }: Place): Generator<ImportRefusal> {
  if (typesOf) {
    const { why: message } = typesOf;
    const regex = 'folder' in typesOf ? `(^|/)${typesOf.folder}(/|$)` : pathsInto(typesOf.layers);
    yield { regex, allowTypeImports: true, message };
  }
  if (layers) yield { regex: pathsInto(LAYERS.filter((layer) => !layers.may.includes(layer))), message: layers.why };
  if (!owner) yield OWNER;
  if (!sql) yield SQL_TAG;
  if (doors) {
    const closed = doors.to.flatMap((layer) => [`**/${layer}`, `**/${layer}/**`]);
    const open = doors.files.map((file) => `!**/${file}`);
    const except = doors.except?.map((file) => `**/${file}`) ?? [];
    yield { group: [...closed, ...open, ...except], message: doors.why };
  }
  if (only) yield { group: ['**', ...only.modules.map((module) => `!${module}`)], message: only.why };
  yield* refuses;
}

function pathsInto(layers: readonly Layer[]): string {
  return `^[./]*\\.\\./(${layers.join('|')})(/|$)`;
}
