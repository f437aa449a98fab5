// The product's tables that all tenants share, in the schema `public`. Add a line for each new file. There are none yet.

export {};
