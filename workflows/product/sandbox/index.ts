// Export each of the product's workflows here, under its name in Temporal.
export {};
