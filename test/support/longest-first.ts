import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The file that takes longest, whatever its size: it must not begin when all others are done. */
const LONGEST = 'test/docs/how-to.test.ts';

/** Vitest's own order, and the longest file before it. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- this is Vitest's own method, of the same name
    const sorted = await super.sort(files);
    const isLongest = ({ moduleId }: TestSpecification): boolean => moduleId.endsWith(LONGEST);
    return [...sorted.filter(isLongest), ...sorted.filter((file) => !isLongest(file))];
  }
}
