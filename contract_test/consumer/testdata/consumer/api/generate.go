// Package api is a client of our own, generated from the pinned openapi.yaml.
package api

//go:generate go tool oapi-codegen -config config.yaml openapi.yaml
