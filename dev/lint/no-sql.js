/** Refuses SQL: it is written in tagged templates, so every tagged template except `String.raw` is refused. */
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
