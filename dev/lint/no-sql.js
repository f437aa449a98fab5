/** Refuses SQL by what it is written in: a template with a tag, whatever the tag is called. `String.raw` is none. */
const noSql = {
  create(context) {
    return {
      TaggedTemplateExpression(node) {
        if (context.sourceCode.getText(node.tag) === 'String.raw') return;
        context.report({ node, message: 'All SQL lives in db/: call a function of db/<noun>/, or add one.' });
      },
    };
  },
};

// oxlint-disable-next-line import/no-default-export -- oxlint takes a plugin's default export
export default { meta: { name: 'atrium' }, rules: { 'no-sql': noSql } };
