// What is written by hand. The contracts are in one module per context, as in
// "@retail-mesh/client/order/v1".
export * from "./ids.js";
export * from "./refusals.js";
