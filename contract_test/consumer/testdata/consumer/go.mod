module example.com/avatars

go 1.26.0

tool github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen

require github.com/c88edac7/bytescale-go v0.0.0
