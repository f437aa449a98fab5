/** The product's audit actions, each with the type of its entity. Atrium's actions are in core/audit/actions.ts. */
export const PRODUCT_ACTIONS = {
  'project.create': 'project',
  'project.list': 'project',
  'project.read': 'project',
  'project.update': 'project',
  'project.delete': 'project',
} as const;
