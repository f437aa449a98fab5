// The product's workflows: each is exported here, by its name in Temporal.
export {};
