import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The slowest test file. It must not begin when all others are done. */
const LONGEST = 'test/docs/how-to.test.ts';

/** Vitest's order, with the slowest file first. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- this is Vitest's own method, of the same name
    const sorted = await super.sort(files);
    const isLongest = ({ moduleId }: TestSpecification): boolean => moduleId.endsWith(LONGEST);
    return [...sorted.filter(isLongest), ...sorted.filter((file) => !isLongest(file))];
  }
}
