// Package retailmesh holds the clients of Retail Mesh for Go.
//
// The contracts lie in one package per context, such as
// github.com/retail-mesh/retail-mesh/gen/go/retail/order/v1. They are generated; written by hand
// are only package ids, which reads and writes identifiers, and package refusals, which reads why
// a call was refused.
package retailmesh
