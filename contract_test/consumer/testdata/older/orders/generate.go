// Package orders is generated.
package orders

//go:generate go tool -modfile=../tools.mod oapi-codegen -generate types,skip-prune -package orders -o orders.gen.go openapi.yaml
