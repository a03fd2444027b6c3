//go:build generate

// The code generators, run by `go generate ./...` (which sets the tag above). Their version is pinned by the tool
// directive in go.mod.

package bytescale

//go:generate go tool oapi-codegen -config oapi-config.yaml openapi.yaml
//go:generate go tool oapi-codegen -config internal/fakeapi/oapi-server.yaml openapi.yaml
